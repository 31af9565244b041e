# The owner's token counts beyond eight digits: a second sweep still finds it, and leaves with 69.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 300
mkdir -p out/owners
printf 'beat 00000000000000000001 released\n' >out/owners/sweep.99999999.token
"$L" sweep c.yaml --out out >first 2>&1 &
first=$!
for _ in $(seq 300); do [ -f out/experiment.json ] && break; sleep 0.1; done
export LETHE_OWNER_WATCH_SECONDS=4
expect_rc 69 timeout 60 "$L" sweep c.yaml --out out
expect_text "another sweep is running in this folder"
kill -USR1 $first
wait $first
ls out/owners | grep -qx 'sweep.100000000.token' || fail "owners: $(ls out/owners)"
