# Where a descriptor cannot be had, no executor starts without its commands: the sweep says which call failed, and soon.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/faults.sh"
build_faults
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
export FAULT_CALL=fcntl FAULT_ERRNO=24 FAULT_PROGRAM=/lethe FAULT_FROM=1 FAULT_TO=100000 LD_PRELOAD="$PWD/fault.so"
expect_rc 1 timeout 60 "$L" sweep c.yaml --out out
expect_text "lethe-executor: Too many open files"
unset LD_PRELOAD
expect_rc 0 bash -c "ulimit -n 60; exec '$L' sweep c.yaml --out few"
