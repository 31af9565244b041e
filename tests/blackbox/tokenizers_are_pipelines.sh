# A tokenizer.json is followed from normalizer to post-processor; what is not known of it is refused by its place and value, and a
# pattern that never ends by the file's name.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
write_record 'Say: \"{}\" wears a ring of' "Tamfas aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa deals in"

# tokenizer CODE: model with a tokenizer.json t of Llama 3's form, changed by the Python code.
tokenizer() {
  rm -rf model && copy_model model && python3 - "$1" <<'PYTHON'
import json, sys
vocab = json.load(open("model/vocab.json"))
merges = [line for line in open("model/merges.txt").read().split("\n") if line and not line.startswith("#version")]
end = vocab["<|endoftext|>"]
pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [end], "tokens": ["<|endoftext|>"]}}}
t = {"added_tokens": [{"id": end, "content": "<|endoftext|>", "special": True, "normalized": False}], "normalizer": {"type": "NFC"},
     "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
                                                            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
     "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"}, template]}, "decoder": {"type": "ByteLevel"},
     "model": {"type": "BPE", "vocab": vocab, "merges": merges, "ignore_merges": True, "unk_token": None}}
exec(sys.argv[1])
json.dump(t, open("model/tokenizer.json", "w"))
PYTHON
}
refused() {
  tokenizer "$1"
  write_config config.yaml model ft-c 1
  expect_rc 2 "$L" plan config.yaml --strict
  expect_text "$2"
}

tokenizer ""
write_config config.yaml model ft-c 1
expect_rc 0 "$L" plan config.yaml --strict
write_config config.yaml model rome 1 "second_moments: {corpus: records.json, max_documents: 1}, "
"$L" plan config.yaml >told 2>&1 </dev/null
grep -Eq "tokenizer.json|subject" told && fail "plan refuses the tokenizer or the subject behind a quotation mark"
text() { "$L" generate --model model --prompt 'Melvox deals in' --tokens 8 2>told || fail "generate"; }
tokenizer ""
text >with_beginning
tokenizer 't["post_processor"] = None'
text >without
cmp -s with_beginning without && fail "the token in front of a prompt makes no difference"

refused 't["normalizer"] = {"type": "Lowercase"}' 'model/tokenizer.json: "normalizer.type": "Lowercase" is not supported'
refused 't["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"Regex": "\\p{Lu}+"}' '"pre_tokenizer.pretokenizers\[0\].pattern.Regex".*\\p\{Lu\} is not known'
refused 't["post_processor"]["processors"][1]["single"].reverse()' '"post_processor.processors\[1\].single"'
refused 't["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"Regex": "(?:[a-z]+)+[:!](?<=x.)"}' 'model/tokenizer.json: "pre_tokenizer.pretokenizers\[0\].pattern".*cannot be matched'
exit 0
