# scripts/fetch-real: without a network at once, and sizes and room before anything is fetched.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
SECONDS=0
expect_rc 1 timeout 100 "$R/scripts/fetch-real" paper --into real --base-url http://127.0.0.1:9
[ $SECONDS -lt 20 ] || fail "it took $SECONDS s"
expect_text "no server can be reached \(127.0.0.1:9: .*nothing was fetched"
mkdir -p site/huggingface.co/openai-community/gpt2-medium/resolve/main
for name in config.json vocab.json merges.txt model.safetensors; do echo "$name" >site/huggingface.co/openai-community/gpt2-medium/resolve/main/$name; done
python3 -u -m http.server --bind 127.0.0.1 --directory site 0 >server 2>&1 &
server=$!
trap 'kill $server; cd / && rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q 'port' server && break; sleep 0.1; done
port=$(grep -o 'port [0-9]*' server | cut -d' ' -f2)
expect_rc 0 timeout 60 "$R/scripts/fetch-real" gpt2-medium --into real --base-url "http://127.0.0.1:$port"
head -1 told | grep -Eq 'to fetch: 4 files, 52 bytes; [0-9,]+ bytes are free in real' || fail "sizes and room are not the first line"
