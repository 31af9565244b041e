# Where a descriptor cannot be had, no executor starts without its commands: the sweep says which call failed, and soon.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
LETHE_FAULT=executor.descriptors:eio:1+ expect_rc 75 timeout 60 "$L" sweep c.yaml --out out
expect_text "lethe-executor: Input/output error; run again"
expect_rc 0 bash -c "ulimit -n 60; exec '$L' sweep c.yaml --out few"
