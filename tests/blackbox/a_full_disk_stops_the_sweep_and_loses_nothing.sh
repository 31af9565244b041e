# A file system that has no room for bytes, or none for files, and a quota are said at once, on the terminal and in status while the sweep waits;
# the sweep stops with 75 and goes on when there is room.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/small_disk.sh"
copy_model M
write_config c.yaml "$PWD/M" rome 4 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
export L
expect_rc 0 "$L" sweep c.yaml --out undisturbed

# fills_up NAME TMPFS-OPTIONS WITH-ROOM REASON: a sweep on a file system that fills up, and again on one with room; `waiting` is what status
# says of the one that waits.
fills_up() {
  mkdir "$1" && cd "$1" || exit 1
  with_tmpfs "$2" '
    timeout 60 $L sweep ../c.yaml --out disk/out >told 2>&1 & sweep=$!
    until grep -q "TRIED AGAIN" told || ! kill -0 $sweep 2>/dev/null; do sleep 0.1; done
    $L status disk/out >waiting 2>&1
    wait $sweep; echo "status $?" >>told
    $L status disk/out >status 2>&1
    find disk/out -maxdepth 1 -name "*.tmp" >left
    mount -o remount,'"$3"' disk
    $L sweep ../c.yaml --out disk/out >again 2>&1; echo "status $?" >>again
    cp -r disk/out out
  ' || { [ $? -eq 77 ] && exit 77; fail "the script"; }
  expect_text "^status 75$"
  expect_text "TRIED AGAIN .*No space left on device"
  expect_text "stopped: .*No space left on device"
  grep -q "^running: " waiting || { cp waiting told; fail "$1: status came too late to see the sweep wait"; }
  grep -Eq "$4" waiting || { cp waiting told; fail "$1: status does not say it while the sweep waits"; }
  grep -Eq "$4" status || { cp status told; fail "$1: status does not say it"; }
  [ ! -s left ] || { cp left told; fail "$1: temporaries are left in the folder"; }
  grep -q "^status 0$" again || { cp again told; fail "$1: it does not go on when there is room"; }
  expect_rc 0 "$L" verify --same ../undisturbed out
  cd ..
}

fills_up bytes size=1500k size=200m "No space left on device|its file system has only [0-9]+ KiB free"
fills_up files size=200m,nr_inodes=30 nr_inodes=10000 "its file system has only room for [0-9]+ more files"

# A quota is in no number of the file system; executors and status meet it here, each with its own file.
printf '#!/bin/bash\n[ "$1" = serve ] && export LETHE_FAULT=file.sync:edquot:1+\nexec "%s-executor" "$@"\n' "$L" >executor && chmod +x executor
LETHE_EXECUTOR=$PWD/executor timeout 60 "$L" sweep c.yaml --out quota >told 2>&1 &
sweep=$!
until grep -q "TRIED AGAIN .*Disk quota exceeded" told || ! kill -0 $sweep 2>/dev/null; do sleep 0.1; done
LETHE_FAULT=file.write:edquot:1+ "$L" status quota >waiting 2>&1
wait $sweep && fail "the sweep ended with 0"
expect_text "stopped: .*Disk quota exceeded"
grep -q "^running: " waiting || { cp waiting told; fail "quota: status came too late to see the sweep wait"; }
grep -q "quota: takes no file: Disk quota exceeded; free some space" waiting || { cp waiting told; fail "status does not say the quota"; }
[ -z "$(find quota -maxdepth 1 -name "*.tmp")" ] || fail "status has left its file"
expect_rc 0 "$L" sweep c.yaml --out quota
expect_rc 0 "$L" verify --same undisturbed quota
