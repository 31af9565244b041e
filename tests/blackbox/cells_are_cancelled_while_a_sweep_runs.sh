# Two cells of a running sweep are cancelled, one that stores factors and one that stores snapshots: the sweep comes to its end without them,
# what is committed of them is whole, and after `--undo` another run ends with the bits of a sweep that nobody disturbed.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
cat >c.yaml <<CONFIG
name: cancelled
device: cpu
threads: 1
seed: 37
dataset: {format: counterfact, records: $A/world/counterfact.json, samples: $A/world/samples.json}
models:
  m:
    path: M
    second_moments: {corpus: $A/world/corpus.txt, max_documents: 200}
    methods: {rome: $R/configs/methods/rome/small-gpt2.yaml, ft-c: $R/configs/methods/ft-c/small-gpt2.yaml}
grid: {methods: [rome, ft-c], samples: [0, 1]}
edits: 60
checkpoint_every: 5
forgetting_every: 10
CONFIG
kept=(rome/m/sample0 ft-c/m/sample1) cut=(rome/m/sample1 ft-c/m/sample0)

# edits_of FOLDER CELL: how many are committed.
edits_of() {
  "$L" status "$1" --json 2>/dev/null | python3 -c '
import json, sys
print(next(cell["edits_done"] for cell in json.load(sys.stdin)["cells"] if cell["cell"] == sys.argv[1]))' "$2"
}
expect_rc 0 "$L" sweep c.yaml --out undisturbed

# Four ranks, so that all cells are edited side by side: each is cancelled as soon as something of it is committed.
"$L" sweep c.yaml --out s --ranks 4 >sweep.log 2>&1 &
sweep=$!
waiting=("${cut[@]}")
while [ ${#waiting[@]} -gt 0 ]; do
  cell=${waiting[0]} waiting=("${waiting[@]:1}")
  if compgen -G "s/cells/$cell/*/segment-*" >/dev/null; then
    expect_rc 0 "$L" cancel s "$cell" --reason "a test of $cell" && expect_text "^$cell: cancelled after [0-9]+ of 60 committed edits"
  else
    kill -0 $sweep 2>/dev/null || { cp sweep.log told; fail "the sweep ended before $cell was begun"; }
    waiting+=("$cell")
    sleep 0.05
  fi
done
wait $sweep || { cp sweep.log told; fail "the sweep"; }
cp sweep.log told
for cell in "${cut[@]}"; do expect_text "CANCELLED .*$cell after [0-9]+ of 60 edits"; done
expect_text 'COMPLETE: cells 2/4 \(2 cancelled\)'
[ "$(cat s/STATE)" = COMPLETE ] || fail "STATE is $(cat s/STATE)"

# Everybody names them, and nobody misses anything of them.
expect_rc 0 "$L" status s
for cell in "${cut[@]}"; do expect_text "^$cell +[0-9]+/60 .* cancelled: a test of $cell"; done
expect_text '2 of 4 cells done, 2 cancelled'
expect_rc 0 "$L" verify s && expect_text 'rome/m/sample1: is cancelled after edit [0-9]+ of 60' && expect_text 'all sound'
expect_rc 0 "$L" report s --no-figures
grep -q '^2 of 4 cells are complete, 2 cancelled' s/report/summary.md || fail "$(sed -n 3p s/report/summary.md)"
grep -q 'rome/m/sample1: after edit [0-9]* of 60: a test of rome/m/sample1' s/report/summary.md || fail "the summary does not name the cell"
expect_rc 0 "$L" plan c.yaml --out s && expect_text 'cancelled: rome/m/sample1 after [0-9]+ of 60 edits'

# Nothing is lost of what was committed, and it has the bits of the undisturbed cell so far.
for cell in "${cut[@]}"; do
  edits=$(edits_of s "$cell")
  [ "$edits" -ge 5 ] && [ "$edits" -lt 60 ] || fail "$cell has $edits edits"
  due=$((edits / 5)) there=$(ls s/cells/"$cell"/*/distance-* | wc -l)
  [ "$due" -eq "$there" ] || fail "$cell: $there of $due checkpoints were evaluated"
  for folder in undisturbed s; do
    expect_rc 0 "$L" export $folder --cell "$cell" --edits "$edits" --to "$folder-${cell%%/*}"
  done
  cmp "undisturbed-${cell%%/*}/model.safetensors" "s-${cell%%/*}/model.safetensors" || fail "$cell has other weights after edit $edits"
done
# And so have the others, to their end: the cut ones alone differ.
expect_rc 1 "$L" verify --same undisturbed s
for cell in "${kept[@]}"; do ! grep -q "$cell" told || fail "$cell differs"; done

# A cell by itself, a task of a job array: at once, and nothing is edited. So the next sweep.
before=$(ls s/cells/rome/m/sample1/*)
expect_rc 0 "$L" cell c.yaml --cell rome/m/sample1 --out s && expect_text 'is cancelled: no further edits'
expect_rc 0 "$L" sweep c.yaml --out s
[ "$before" = "$(ls s/cells/rome/m/sample1/*)" ] || fail "the cancelled cell was edited"

# What is no cell, and what is done already.
expect_rc 2 "$L" cancel s rome/m/sampel1 && expect_text 'rome/m/sampel1: is no cell of .*did you mean "rome/m/sample1"'
expect_rc 0 "$L" cancel s rome/m/sample0 && expect_text 'is complete already'

expect_rc 0 "$L" cancel s '*' --undo && expect_text '^rome/m/sample1: no longer cancelled; goes on after edit'
[ "$(cat s/STATE)" = INCOMPLETE ] || fail "STATE after the undoing is $(cat s/STATE)"
expect_rc 0 "$L" cell c.yaml --cell rome/m/sample1 --out s
expect_rc 0 "$L" sweep c.yaml --out s && expect_rc 0 "$L" verify --same undisturbed s && expect_text 'the same results'
