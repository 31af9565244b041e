# A folder of each type of the Llama family goes through all verbs: planned, swept, stopped and resumed to the same bits, verified, reported,
# exported with the names and bits of its own files, and saying what transformers has recorded of it.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
folders() { python3 "$R/tests/blackbox/llama_folders.py" "$@"; }
types="llama mistral qwen2-tied qwen3"
methods="rome memit ft-c"
edits=3 # each adds one to the rank of an update

shards=1
for type in $types; do
  folders write "$type" "$type" $shards
  shards=$((shards % 3 + 1))
done
head -n 100 "$A/world/corpus.txt" >corpus.txt
python3 - <<'PYTHON'
import json
record = lambda case, subject, target: {
    "case_id": case, "requested_rewrite": {"prompt": "{} is", "subject": subject, "target_new": {"str": target}, "target_true": {"str": "Z"}},
    "paraphrase_prompts": [f"Oh. {subject} was"], "neighborhood_prompts": ["Nado is", "Mira is"]}
json.dump([record(0, "Suao", "A"), record(1, "Brio", "K"), record(2, "Tamf", "Q")], open("records.json", "w"))
json.dump({"0": [0, 1, 2]}, open("samples.json", "w"))
PYTHON
echo '{layer: 1, v_num_grad_steps: 4, context_lengths: [{length_tokens: 3, count: 2}]}' >rome.yaml
echo '{layers: [0, 1], v_num_grad_steps: 4, mom2_update_weight: 20, context_lengths: [{length_tokens: 3, count: 1}]}' >memit.yaml
echo '{layer: 1, num_steps: 3, linf_bound: 0.001, tune_bias: false}' >ft-c.yaml
cat >config.yaml <<CONFIG
name: llamas
device: cpu
threads: 1
seed: 37
dataset: {format: counterfact, records: records.json, samples: samples.json}
models:
$(for type in $types; do echo "  $type: {path: $type, second_moments: {corpus: corpus.txt}, methods: {rome: rome.yaml, memit: memit.yaml, ft-c: ft-c.yaml}}"; done)
grid: {methods: [${methods// /, }], models: [${types// /, }], samples: [0]}
edits: $edits
checkpoint_every: 2
forgetting_every: 2
CONFIG

expect_rc 0 "$L" plan config.yaml --strict
expect_text 'ready to run'
expect_rc 0 "$L" sweep config.yaml --out whole

# A cell of each type alone, the others in a sweep that is stopped in the midst of its edits and gone on with.
for type in $types; do expect_rc 0 "$L" cell config.yaml --cell "rome/$type/sample0" --out resumed; done
LETHE_FAULT=edit.step:delay:10 "$L" sweep config.yaml --out resumed >told 2>&1 </dev/null &
sweep=$!
for _ in $(seq 600); do grep -qs "strikes" resumed/logs/rank-0.log && break || sleep 0.1; done
kill -TERM $sweep && wait $sweep
[ $? -eq 75 ] || fail "the sweep was not stopped"
expect_rc 0 "$L" status resumed
expect_text 'INCOMPLETE'
expect_text '(memit|ft-c)/.* +3/3 '
expect_text '(memit|ft-c)/.* +0/3 '
expect_rc 0 "$L" sweep config.yaml --out resumed
expect_rc 0 "$L" status resumed
expect_text 'COMPLETE'
expect_rc 0 "$L" verify --same whole resumed
expect_rc 0 "$L" verify resumed
expect_text '12 cells: all sound'
expect_rc 0 "$L" report resumed --no-figures
for type in $types; do grep -q "$type" resumed/report/summary.md || fail "the report does not name $type"; done

# exported METHOD TYPE EDITS FOLDER [MATRIX RANK]: the export, whose files differ from the source in this alone.
exported() {
  expect_rc 0 "$L" export resumed --cell "$1/$2/sample0" --edits "$3" --to "$4"
  expect_rc 0 folders compare "$2" "$4" "${@:5}"
}
# says FOLDER TYPE: an unedited folder goes on with what transformers has recorded, as the sweep's model without edits does.
says() {
  folders texts "$2" >recorded
  [ -s recorded ] || fail "nothing is recorded of $2"
  while IFS=$'\t' read -r prompt answer; do
    [ "$("$L" generate --model "$1" --prompt "$prompt" --tokens 12 --top-k 1)" = "$prompt$answer" ] ||
      fail "$1 does not go on with \"$answer\" from \"$prompt\""
  done <recorded
}
matrix=model.layers.1.mlp.down_proj.weight
for type in $types; do
  exported rome "$type" 0 "$type-0"
  says "$type-0" "$type"
  exported rome "$type" 1 "$type-1" $matrix 1
  exported rome "$type" $edits "$type-$edits" $matrix $edits
  "$L" generate --model "$type-$edits" --prompt "Tamf is" --tokens 8 --top-k 1 >of_export
  "$L" generate resumed --cell "rome/$type/sample0" --edits $edits --prompt "Tamf is" --tokens 8 --top-k 1 >of_sweep
  cmp -s of_export of_sweep || fail "$type: the export and the sweep go on differently"
  # One fact alone: the first edit of the sweep.
  expect_rc 0 "$L" edit "$type" --prompt "{} is" --subject Suao --target A --true Z --config rome.yaml --corpus corpus.txt --to "$type-edited"
  diff -r "$type-1" "$type-edited" >told || fail "$type: \`lethe edit\` is not the first edit of the sweep"
done

# Weights that the type in config.json has no place for are another model's.
cp -r qwen3 mixed && sed -i 's/"model_type": "qwen3"/"model_type": "llama"/' mixed/config.json
expect_rc 1 "$L" generate --model mixed --prompt "Tamf is" --tokens 1
expect_text 'mixed/model[^ ]*: holds .model\.layers\.0\.self_attn\.[kq]_norm\.weight., which a model of config\.json.s type, llama, does not have'
sed "s/\[${types// /, }\]/[mixed]/; s/^  qwen3: {path: qwen3/  mixed: {path: mixed/" config.yaml >mixed.yaml
expect_rc 2 "$L" plan mixed.yaml --strict
expect_text 'self_attn\.[kq]_norm\.weight'
