# A read-only file system is named, by the sweep and by status, and the exit status asks to be started again: nothing is wrong with the sweep.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/small_disk.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 2
export L
with_tmpfs size=100m '
  mkdir disk/out; mount -o remount,ro disk
  timeout 60 $L sweep c.yaml --out disk/out >told 2>&1; echo "status $?" >>told
  mount -o remount,rw disk
  LETHE_FAULT=outcome.write:eio:1+ $L sweep c.yaml --out disk/out >unsaid 2>&1; echo "status $?" >>unsaid
  mount -o remount,ro disk
  timeout 60 $L sweep c.yaml --out disk/out >>told 2>&1; echo "begun: status $?" >>told
  $L status disk/out >status 2>&1
  mount -o remount,rw disk
  $L sweep c.yaml --out disk/out >again 2>&1; echo "status $?" >>again
' || { [ $? -eq 77 ] && exit 77; fail "the script"; }
expect_text "^status 75$"
expect_text "^begun: status 75$"
expect_text "disk/out.*Read-only file system"
grep -q "^status 75$" unsaid || { cp unsaid told; fail "a sweep that cannot say how it ended has not ended"; }
grep -q "disk/out: is on a file system that takes no writing$" status || { cp status told; fail "status does not say it"; }
grep -q "^status 0$" again || { cp again told; fail "it does not go on"; }
