# A sweep whose folder is taken away says so, leaves with 75, makes no other folder in its place, and goes on when it is back.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 400
"$L" sweep c.yaml --out out >told 2>&1 &
sweep=$!
for _ in $(seq 600); do ls out/cells/ft-c/m/sample0/*/segment-*.h5 >/dev/null 2>&1 && break; sleep 0.1; done
mv out elsewhere
for _ in $(seq 600); do kill -0 $sweep 2>/dev/null || break; sleep 0.1; done
kill -9 $sweep 2>/dev/null && fail "it does not end"
wait $sweep
status=$?
[ $status -eq 75 ] || fail "exit status $status instead of 75"
expect_text "out: is gone"
[ ! -e out ] || fail "the folder was made again: $(find out | head -3)"
mv elsewhere out
sed -i "s/^edits: 400/edits: $(($(ls out/cells/ft-c/m/sample0/*/segment-*.h5 | wc -l) + 1))/" c.yaml
expect_rc 0 "$L" sweep c.yaml --out out
[ "$(cat out/STATE)" = COMPLETE ] || fail "STATE $(cat out/STATE)"
