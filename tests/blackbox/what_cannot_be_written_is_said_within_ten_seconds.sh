# What refuses to be written is told with its reason, on the terminal and by `lethe status`, within ten seconds: a disk that fills up while the sweep
# runs (bytes, files), a quota, an input/output error, a read-only file system. The seconds count from when nothing is free any more, from when the
# first refused write says so in the rank's log (LETHE_FAULT), or, where nothing can be written at all, from the start of the program. They are the
# wall clock's: no model is loaded and no edit made in them but the one at hand, so that a busy machine leaves most of them.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
. "$here/small_disk.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 400
export L SAID_SECONDS=10

microseconds() { echo "${EPOCHREALTIME//[!0-9]/}"; }

# said FOLDER REASON REASON-IN-STATUS: both are there within SAID_SECONDS from now.
said() {
  local begin=$(microseconds)
  until grep -Eq "$2" told && "$L" status "$1" 2>&1 | tee status | grep -Eq "$3"; do
    [ $(($(microseconds) - begin)) -lt $((SAID_SECONDS * 1000000)) ] || { echo "after $SAID_SECONDS s: status:"; cat status; return 1; } >>told 2>&1
    sleep 0.1
  done
  echo "$1: said after $((($(microseconds) - begin) / 1000)) ms"
}

# begins FOLDER: a sweep in the background, `sweep`, that has committed its first edit.
begins() {
  "$L" sweep c.yaml --out "$1" >told 2>&1 &
  sweep=$!
  until ls "$1"/cells/*/*/*/*/segment-*.h5 >/dev/null 2>&1; do
    kill -0 $sweep 2>/dev/null || return 1
    sleep 0.1
  done
}

ends() { kill $sweep 2>/dev/null; wait $sweep; }
export -f microseconds said begins ends

# on_disk TMPFS-OPTIONS SCRIPT: with the file system at ./disk; the script's status is the test's.
on_disk() {
  with_tmpfs "$@" || { [ $? -eq 77 ] && exit 77; fail "$1"; }
}

on_disk size=100m '
  begins disk/bytes || exit 1
  cat /dev/zero >disk/filler 2>/dev/null
  said disk/bytes "TRIED AGAIN .*No space left on device" "No space left on device|its file system has only [0-9]+ KiB free"; result=$?
  ends; exit $result'
on_disk size=100m,nr_inodes=200 '
  begins disk/files || exit 1
  for i in $(seq 200); do touch disk/filler.$i 2>/dev/null || break; done
  said disk/files "TRIED AGAIN .*No space left on device" "No space left on device|only room for [0-9]+ more files"; result=$?
  ends; exit $result'
on_disk size=100m '
  begins disk/read-only || exit 1
  ends
  for i in $(seq 100); do mount -o remount,ro disk 2>/dev/null && break; sleep 0.1; done
  "$L" sweep c.yaml --out disk/read-only >told 2>&1 & sweep=$!
  said disk/read-only "disk/read-only.*Read-only file system" "is on a file system that takes no writing"; result=$?
  ends; exit $result'

# refused FAULT REASON: every executor meets it, and status where it writes.
refused() {
  local folder=${1//:/.}
  printf '#!/bin/bash\n[ "$1" = serve ] && export LETHE_FAULT=%s\nexec "%s-executor" "$@"\n' "$1" "$L" >executor && chmod +x executor
  LETHE_EXECUTOR=$PWD/executor "$L" sweep c.yaml --out "$folder" >told 2>&1 &
  sweep=$!
  until grep -qs "LETHE_FAULT: $1 strikes" "$folder"/logs/rank-0.log; do
    kill -0 $sweep 2>/dev/null || fail "$1: the sweep ends before it is refused"
    sleep 0.1
  done
  said "$folder" "TRIED AGAIN .*$2" "tried again: .*$2" || fail "$1"
  ends
}
refused file.sync:edquot:1+ "Disk quota exceeded"
refused file.sync:eio:1+ "Input/output error"
exit 0
