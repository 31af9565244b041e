# The last word of a sweep meets an input/output error: tried again, and where that does not help, the run ends as one that did not end.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/faults.sh"
build_faults
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
# STATE is written twice: INCOMPLETE, and how it ended.
export FAULT_CALL=rename FAULT_PATH=/STATE FAULT_ERRNO=5 FAULT_PROGRAM=/lethe FAULT_FROM=2
FAULT_TO=2 expect_rc 0 env LD_PRELOAD="$PWD/fault.so" "$L" sweep c.yaml --out once
[ "$(cat once/STATE)" = COMPLETE ] || fail "after one error: STATE $(cat once/STATE)"
FAULT_TO=1000 expect_rc 75 env LD_PRELOAD="$PWD/fault.so" "$L" sweep c.yaml --out always
expect_text "STATE: cannot be replaced: Input/output error; what is done is committed: run again"
[ "$(cat always/STATE)" = INCOMPLETE ] || fail "after many errors: STATE $(cat always/STATE)"
expect_rc 0 "$L" sweep c.yaml --out always
[ "$(cat always/STATE)" = COMPLETE ] || fail "STATE $(cat always/STATE)"
