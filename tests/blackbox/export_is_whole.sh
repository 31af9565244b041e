# An exported folder holds all that was read of the model's tokenizer, says the type of its tensors, and is never half there.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
export_to() { "$L" export out --cell ft-c/m/sample0 --edits 1 --to "$1"; }

copy_model model
mv model/vocab.json model/encoder.json
mv model/merges.txt model/vocab.bpe
echo '{"<|speaker1|>": 1869}' >model/added_tokens.json
echo '{"eos_token": "<|endoftext|>"}' >model/special_tokens_map.json
echo '{"eos_token_id": 1868}' >model/generation_config.json
python3 - <<'PYTHON'
import json
config = json.load(open("model/config.json"))
config["torch_dtype"] = "float16"
json.dump(config, open("model/config.json", "w"))
PYTHON
write_config config.yaml model ft-c 1
expect_rc 0 "$L" sweep config.yaml --out out
expect_rc 0 export_to exported
for name in encoder.json vocab.bpe added_tokens.json special_tokens_map.json generation_config.json tokenizer_config.json; do
  cmp -s "model/$name" "exported/$name" || fail "$name is not as in the model"
done
cmp -s model/encoder.json exported/vocab.json && cmp -s model/vocab.bpe exported/merges.txt || fail "transformers finds no vocabulary"
python3 - <<'PYTHON' || fail "config.json says another type than the tensors have"
import json, struct
file = open("exported/model.safetensors", "rb")
header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
types = {value["dtype"] for name, value in header.items() if name != "__metadata__"}
assert types == {"F32"} and json.load(open("exported/config.json"))["torch_dtype"] == "float32", types
PYTHON
write_config again.yaml exported ft-c 1
expect_rc 0 "$L" plan again.yaml --strict

# A folder of somebody's own stays as it is; a disk that is full leaves nothing.
expect_rc 1 export_to exported
mkdir small kept && echo mine >kept/file
expect_rc 1 export_to kept
[ "$(ls kept)" = file ] || fail "files were added to a folder that was not empty"
(ulimit -f 200 && trap '' XFSZ && export_to small/exported >told 2>&1) && fail "an export without room ended with 0"
[ -z "$(ls -A small)" ] || fail "left behind: $(ls -A small)"
