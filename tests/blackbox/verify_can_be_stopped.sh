# A stop signal ends `lethe verify` in order: it says how far it came, and its status is 75.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml M ft-c 40
expect_rc 0 "$L" sweep c.yaml --out out
"$L" verify out >told 2>&1 & verify=$!
for _ in $(seq 100); do grep -q 'stage=' told && break; sleep 0.05; done
kill -TERM $verify 2>/dev/null
status=0 && wait $verify || status=$?
[ $status -eq 75 ] || fail "exit status $status instead of 75"
expect_text 'no problem before it was stopped'
