# A file system that fills up is said at once, on the terminal and in status; the sweep stops with 75 and goes on when there is room.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/small_disk.sh"
copy_model M
write_config c.yaml "$PWD/M" rome 4 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
export L
with_tmpfs 1500k '
  timeout 60 $L sweep c.yaml --out disk/out >told 2>&1; echo "status $?" >>told
  $L status disk/out >status 2>&1
  find disk/out -maxdepth 1 -name "*.tmp" >left
  mount -o remount,size=200m disk
  $L sweep c.yaml --out disk/out >again 2>&1; echo "status $?" >>again
  cp -r disk/out out
' || { [ $? -eq 77 ] && exit 77; fail "the script"; }
expect_text "^status 75$"
expect_text "TRIED AGAIN .*No space left on device"
expect_text "stopped: .*No space left on device"
grep -q "No space left on device" status || { cp status told; fail "status does not say it"; }
[ ! -s left ] || { cp left told; fail "temporaries are left in the folder"; }
grep -q "^status 0$" again || { cp again told; fail "it does not go on when there is room"; }
expect_rc 0 "$L" sweep c.yaml --out undisturbed
expect_rc 0 "$L" verify --same undisturbed out
