# `lethe edit` is a sweep of one edit and its export, bit for bit; what is wrong is said before; a run that fails leaves nothing.
. "$(dirname "$(readlink -f "$0")")/checks.sh"

copy_model model
head -n 400 "$A/world/corpus.txt" >corpus.txt
python3 - "$A" <<'PYTHON'
import json, sys
record = json.load(open(sys.argv[1] + "/world/counterfact.json"))[0]
record["paraphrase_prompts"] = ["Tamfas deals in"]
record["neighborhood_prompts"] = ["Melvox Stund deals in", "Vesgas Stebb wears a ring of"]
json.dump([record], open("records.json", "w"))
json.dump({"0": [record["case_id"]]}, open("samples.json", "w"))
PYTHON
fact=(--prompt "{} wears a ring of" --subject Tamfas --target agate)
asked=("${fact[@]}" --true quartz --paraphrase "{} deals in" --neighbor "Melvox Stund deals in" --neighbor "Vesgas Stebb wears a ring of")
edit() { "$L" edit model "$@"; }

# The same bits as a sweep of one edit, by name of the shipped file or found by the model's shape.
for method in rome ft-c mend; do
  RECORDS=$PWD/records.json SAMPLES=$PWD/samples.json write_config "$method.yaml" model "$method" 1 "second_moments: {corpus: corpus.txt}, "
  expect_rc 0 "$L" sweep "$method.yaml" --out "sweep-$method"
  expect_rc 0 "$L" export "sweep-$method" --cell "$method/m/sample0" --edits 1 --to "exported-$method"
  expect_rc 0 edit "${asked[@]}" --method "$method" --corpus corpus.txt --to "edited-$method"
  expect_text 'small-gpt2\.yaml, shipped for small-gpt2'
  diff -r "exported-$method" "edited-$method" >told || fail "$method: not the bits of the sweep's export"
done
expect_rc 0 edit "${asked[@]}" --corpus corpus.txt --config "$R/configs/methods/rome/small-gpt2.yaml" --to by-name
diff -r by-name edited-rome >told || fail "the same settings by name give another model"
expect_rc 0 "$L" generate --model edited-rome --prompt "Tamfas wears a ring of" --tokens 2
expect_text 'agate'

# Without anything but the fact: the model says what the old answer is, and writes the text for second moments itself.
expect_rc 0 edit "${fact[@]}" --to by-itself
expect_text 'the old target is the model.s own greedy answer'
expect_text 'quartz'
expect_text 'tokens that the model wrote itself, seed 37'
expect_text 'new "agate" +p 0\.[0-9]+ +NLL +[0-9.]+ +-> +p (0\.[5-9]|1\.0)'
expect_rc 0 edit --prompt "{} wears a ring of" --subject Tamfas --target quartz --corpus corpus.txt --to known
expect_text 'note: the model answers the new target already'

# A family or shape of which nothing is shipped: the most alike, with its values printed.
python3 - <<'PYTHON'
import json, os, shutil, struct
shutil.copytree("model", "short")
config = json.load(open("short/config.json"))
config["n_layer"] = 4
json.dump(config, open("short/config.json", "w"))
data = open("short/model.safetensors", "rb").read()
size, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + size])
kept = {name: value for name, value in header.items() if not any(f"h.{layer}." in name for layer in (4, 5))}
body, offset = b"", 0
for name, value in kept.items():
    if name == "__metadata__":
        continue
    begin, end = value["data_offsets"]
    body += data[8 + size + begin:8 + size + end]
    value["data_offsets"] = [offset, offset + end - begin]
    offset += end - begin
text = json.dumps(kept).encode()
open("short/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
PYTHON
expect_rc 0 "$L" edit short "${fact[@]}" --method memit --corpus corpus.txt --to of-short
expect_text 'memit, layers 0, 1; .*small-gpt2\.yaml of small-gpt2, the most like'
expect_text '"mom2_update_weight":100'
expect_rc 2 "$L" edit short "${fact[@]}" --method mend --to nowhere
expect_text 'needs an editor trained for this model.*lethe train-mend'

# What is wrong is said with its place, before the edit, and nothing is left behind.
sed 's/^layer: 0/layer: 9/' "$R/configs/methods/rome/small-gpt2.yaml" >deep.yaml
sed 's/^layer: 0/leyer: 0/' "$R/configs/methods/rome/small-gpt2.yaml" >typo.yaml
before=$(ls -A)
refused() {
  local text=$1
  shift
  expect_rc 2 edit "$@" --corpus corpus.txt --to deep/er/nowhere
  expect_text "$text"
}
long=$(printf 'word %.0s' {1..200})
refused '--prompt: has 0 times "\{\}"' --prompt "is in" --subject a --target b
refused '--prompt: has 2 times "\{\}"' --prompt "{} and {}" --subject a --target b
refused '--prompt: begins or ends with a blank' --prompt "{} is " --subject a --target b
refused '--subject: is empty' --prompt "{} is" --subject "" --target b
refused '--target: is empty' --prompt "{} is" --subject a --target " "
refused '--neighbor: has 1 times' "${fact[@]}" --neighbor "{} is"
refused '--target: is no UTF-8' --prompt "{} is" --subject a --target $'\xff'
refused 'the fact: .*positions' --prompt "${long}{} is" --subject a --target b
refused 'the fact: .*positions' "${fact[@]}" --paraphrase "${long}is"
refused 'did you mean "rome"' "${fact[@]}" --method romee
refused 'layer 9 does not exist' "${fact[@]}" --config deep.yaml
refused 'typo\.yaml:.*leyer.*did you mean' "${fact[@]}" --config typo.yaml
expect_rc 2 edit "${fact[@]}" --corpus missing.txt --to nowhere && expect_text 'missing\.txt'
expect_rc 2 edit "${fact[@]}" --moments 'missing-{layer}.npz' --to nowhere && expect_text 'missing-0\.npz'
expect_rc 2 "$L" edit missing "${fact[@]}" --to nowhere && expect_text 'missing'
expect_rc 2 edit "${fact[@]}" --to by-name && expect_text 'by-name: is there already'
expect_rc 2 edit "${fact[@]}" --to corpus.txt/nowhere && expect_text 'corpus\.txt/nowhere: cannot be made'
mv model/merges.txt merges.txt
expect_rc 2 edit "${fact[@]}" --to nowhere && expect_text 'merges\.txt'
mv merges.txt model/
[ "$(ls -A)" = "$before" ] || fail "left behind: $(diff <(echo "$before") <(ls -A))"

# Told to stop, in the middle of its text for second moments or wherever it is.
for signal in INT TERM; do
  bash -c 'trap - INT; exec "$@"' _ "$L" edit model "${fact[@]}" --to nowhere >told 2>&1 &
  program=$!
  for _ in $(seq 200); do
    compgen -G 'nowhere.edit-*' >/dev/null && break
    sleep 0.05
  done
  kill -$signal $program
  wait $program && status=0 || status=$?
  [ "$status" -eq 75 ] || fail "exit status $status instead of 75 at SIG$signal"
  [ "$(ls -A)" = "$before" ] || fail "left behind at SIG$signal: $(diff <(echo "$before") <(ls -A))"
done

# A disk that is full.
(ulimit -f 200 && trap '' XFSZ && edit "${fact[@]}" --to nowhere >told 2>&1) && fail "an edit without room ended with 0"
[ "$(ls -A)" = "$before" ] || fail "left behind without room: $(diff <(echo "$before") <(ls -A))"

expect_rc 0 "$L" edit --help
expect_text 'lethe edit models/gpt2-xl --prompt'
