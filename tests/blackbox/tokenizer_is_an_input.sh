# A tokenizer that was replaced is another input, whichever of its files say so: refused with both digests side by side.
. "$(dirname "$(readlink -f "$0")")/checks.sh"

# whole_tokenizer FOLDER: one file instead of vocab.json and merges.txt.
whole_tokenizer() {
  python3 - "$1" <<'PYTHON'
import json, os, sys
folder = sys.argv[1] + "/"
vocabulary = json.load(open(folder + "vocab.json"))
merges = [line.rstrip("\n") for line in open(folder + "merges.txt") if line.strip() and not line.startswith("#version")]
end = {"id": vocabulary["<|endoftext|>"], "content": "<|endoftext|>", "single_word": False, "lstrip": False, "rstrip": False,
       "normalized": False, "special": True}
json.dump({"version": "1.0", "added_tokens": [end], "normalizer": None, "post_processor": None, "decoder": {"type": "ByteLevel"},
           "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
           "model": {"type": "BPE", "vocab": vocabulary, "merges": merges}}, open(folder + "tokenizer.json", "w"))
PYTHON
}

# expect_refused CHANGE: the sweep of `whole` was begun before CHANGE.
expect_refused() {
  write_config config.yaml model ft-c 2
  expect_rc 2 "$L" sweep config.yaml --out out
  expect_text 'tokenizer: [0-9a-f]{32} in the folder, [0-9a-f]{32} in the config'
}

begin() {
  rm -rf model out
  copy_model model
  "$@"
  write_config config.yaml model ft-c 1
  expect_rc 0 "$L" sweep config.yaml --out out
}

begin true
echo '{"<|extra|>": 1869}' >model/added_tokens.json
expect_refused
rm model/added_tokens.json

# The same said twice is the same tokenizer.
whole_tokenizer model
write_config config.yaml model ft-c 2
expect_rc 0 "$L" sweep config.yaml --out out

only_whole() { whole_tokenizer model && rm model/vocab.json model/merges.txt; }
begin only_whole
python3 - <<'PYTHON'
import json
whole = json.load(open("model/tokenizer.json"))
vocabulary = whole["model"]["vocab"]
names = [name for name in vocabulary if len(name) > 2 and name != "<|endoftext|>"]
for a, b in zip(names[100:500], names[500:900]):
    vocabulary[a], vocabulary[b] = vocabulary[b], vocabulary[a]
json.dump(whole, open("model/tokenizer.json", "w"))
PYTHON
expect_refused
