# A rank and an executor that do not understand each other are of two builds: whoever does not understand says why, on the terminal, in status and
# in the log, and what stays so is not tried again. No executor leaves in mid-work as if all were done.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml M rome 2 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300, documents_per_slice: 100}, "
X=$(dirname "$L")/lethe-executor
# foreign NAME COMMANDS EVENTS: an executor to which the commands are told as COMMANDS (of sed) changes them, and which tells events so.
foreign() {
  cat >"$1" <<WRAPPER
#!/bin/bash
[ "\$1" = serve ] || exec "$X" "\$@"
exec "$X" "\$@" < <(sed -u '$2') 3> >(sed -u '$3' >&3)
WRAPPER
  chmod +x "$1"
}
# refused NAME WHAT FAILED: the sweep with that executor gives up its work at the first try, for the reason WHAT.
refused() {
  expect_rc 1 env LETHE_EXECUTOR="$PWD/$1" "$L" sweep c.yaml --out "$1-out" --ranks 1
  [ "$(cat "$1-out/STATE")" = POISONED ] || fail "$1: STATE is $(cat "$1-out/STATE")"
  expect_text "FAILED .*config: .*$2.*of different builds; install both from one"
  expect_rc 0 "$L" status "$1-out" && expect_text "config: .*$2"
  cp "$1-out/events.jsonl" told && [ "$(grep -c '"event": *"failed"' told)" -eq "$3" ] || fail "$1: not one try for each of $3"
  cp "$1-out/logs/rank-0.log" told && expect_text "$2"
  ! grep 'executor ended' told | grep -q 'status 0' || fail "$1: left as if all were done"
}
foreign slice 's/"slice":[0-9]*/"slice":-1/' '' && refused slice 'slice: ' 3
foreign edit 's/"until":/"upto":/' '' && refused edit 'until: is missing' 1
foreign event '' 's/"event":"done"/"event":"finished"/' && refused event '"finished" is none of' 3
# What heals is still tried again, and the same folder goes on with the executor of this build.
expect_rc 0 "$L" sweep c.yaml --out slice-out && expect_rc 0 "$L" sweep c.yaml --out edit-out
expect_rc 0 "$L" verify --same slice-out edit-out
