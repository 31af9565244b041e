# The last word of a sweep meets an input/output error: tried again, and where that does not help, the run ends as one that did not end.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
LETHE_FAULT=outcome.write:eio:1 expect_rc 0 "$L" sweep c.yaml --out once
expect_text "LETHE_FAULT: outcome.write:eio:1 strikes"
[ "$(cat once/STATE)" = COMPLETE ] || fail "after one error: STATE $(cat once/STATE)"
LETHE_FAULT=outcome.write:eio:1+ expect_rc 75 "$L" sweep c.yaml --out always
expect_text "STATE: cannot be replaced: Input/output error; what is done is committed: run again"
[ "$(cat always/STATE)" = INCOMPLETE ] || fail "after many errors: STATE $(cat always/STATE)"
expect_rc 0 "$L" sweep c.yaml --out always
[ "$(cat always/STATE)" = COMPLETE ] || fail "STATE $(cat always/STATE)"
