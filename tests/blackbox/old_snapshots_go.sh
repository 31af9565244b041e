# keep_snapshots: newest keeps one snapshot of a finished cell, whatever came between its writing and the removal of those before.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 4
echo "keep_snapshots: newest" >>c.yaml
export LETHE_RETRY_SECONDS=0.05

# expect_newest FOLDER: the last snapshot alone is there.
expect_newest() {
  (cd "$1/cells" && find . -name 'snapshot-*' | sed -E 's/.*(snapshot-[0-9]{7})-.*/\1/') >there
  [ "$(cat there)" = snapshot-0000004 ] || fail "$1: $(wc -l <there) snapshots: $(tr '\n' ' ' <there)"
}

expect_rc 0 "$L" sweep c.yaml --out undisturbed && expect_newest undisturbed

# An executor dies between a snapshot's writing and the removal of the one before, once, or whenever it comes there.
number=0
for fault in edit.snapshot:kill:2 edit.committed:kill:2 edit.prune:kill:1 edit.prune:kill:1+ reduce.committed:kill:2; do
  out=out$((++number))
  LETHE_FAULT=$fault "$L" sweep c.yaml --out $out >told 2>&1 </dev/null
  grep -q "strikes" told $out/logs/* || fail "$fault did not strike"
  [ "$(cat $out/STATE)" != COMPLETE ] || expect_newest $out
  expect_rc 0 "$L" sweep c.yaml --out $out && expect_newest $out
  expect_rc 0 "$L" verify --same undisturbed $out
done

# Stopped in order after some edits, off the checkpoints, and gone on with.
sed 's/checkpoint_every: 1/checkpoint_every: 4/; s/forgetting_every: 1/forgetting_every: 4/' c.yaml >rare.yaml
for fault in none edit.prune:kill:1+; do
  rm -rf stopped
  LETHE_FAULT=edit.step:delay:3 "$L" sweep rare.yaml --out stopped >told 2>&1 </dev/null &
  sweep=$!
  for _ in $(seq 600); do grep -qs "strikes" stopped/logs/rank-0.log && break || sleep 0.1; done
  kill -TERM $sweep && wait $sweep
  [ $? -eq 75 ] || fail "the sweep was not stopped"
  ls stopped/cells/*/*/*/*/snapshot-0000003-* >/dev/null || fail "no snapshot at the stop"
  [ $fault = none ] || LETHE_FAULT=$fault "$L" sweep rare.yaml --out stopped >told 2>&1 </dev/null
  expect_rc 0 "$L" sweep rare.yaml --out stopped && expect_newest stopped
done

# A folder with one that nobody came to remove, complete as it is: the next start does.
cp stopped/cells/ft-c/m/sample0/*/snapshot-0000004-* left && mv left "$(echo stopped/cells/ft-c/m/sample0/*/)snapshot-0000003-$(printf '0%.0s' $(seq 32)).h5"
expect_rc 0 "$L" sweep rare.yaml --out stopped && expect_newest stopped
