# What a folder's tokenizer files set is followed, as transformers follows it, or refused by file and key.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
write_record "a <mask> b {} wears a ring of" "Tamfas deals in"
base='"tokenizer_class": "GPT2Tokenizer", "bos_token": "<|endoftext|>"'
token() { echo "{\"content\": \"<mask>\", \"lstrip\": $1, \"rstrip\": false, \"single_word\": false, \"normalized\": false, \"special\": true}"; }

# expect_refused PATTERN FILE TEXT...: of a model with these files.
expect_refused() {
  local pattern=$1
  shift
  rm -rf model
  copy_model model
  while [ $# -gt 0 ]; do
    printf '%s' "$2" >"model/$1"
    shift 2
  done
  write_config config.yaml model ft-c 1
  expect_rc 2 "$L" plan config.yaml --strict
  expect_text "$pattern"
}

expect_refused 'tokenizer_config.json: "add_bos_token": true' tokenizer_config.json "{$base, \"add_bos_token\": true}"
expect_refused 'tokenizer_config.json: "add_prefix_space": true' tokenizer_config.json "{$base, \"add_prefix_space\": true}"
expect_refused 'tokenizer_config.json: "tokenizer_class": "RobertaTokenizer"' tokenizer_config.json '{"tokenizer_class": "RobertaTokenizer"}'
expect_refused '"lstrip": true' tokenizer_config.json "{$base, \"added_tokens_decoder\": {\"1869\": $(token true)}}"
expect_refused '"lstrip": true' added_tokens.json '{"<mask>": 1869}' special_tokens_map.json "{\"mask_token\": $(token true)}"
expect_refused 'share id 1866' tokenizer_config.json "{$base, \"added_tokens_decoder\": {\"1866\": $(token false)}}"
expect_refused 'no token has the id 1869' added_tokens.json '{"<mask>": 1900}'
expect_refused 'pad_token: "\[PAD\]" has no id' special_tokens_map.json '{"pad_token": "[PAD]"}'
for named in '"extra_special_tokens": ["<image>"]' '"extra_special_tokens": {"image_token": "<image>"}' '"image_token": "<image>"' \
  '"model_specific_special_tokens": {"image_token": "<image>"}' '"additional_special_tokens": ["<image>"]'; do
  key=${named%%:*}
  expect_refused "tokenizer_config.json, ${key//\"/}: \"<image>\" has no id" tokenizer_config.json "{$base, $named}"
done
expect_refused 'audio_tokens: "ing" is no added token' tokenizer_config.json "{$base, \"audio_tokens\": [\"ing\"]}"
expect_refused '"fix_mistral_regex": true' tokenizer_config.json "{$base, \"fix_mistral_regex\": true}"
expect_refused 'tokenizer.json: is empty' tokenizer.json ''
expect_refused 'vocab.json: is empty' vocab.json ''
expect_refused 'the merges make only 0 of' merges.txt ''
expect_refused 'the merges make only' merges.txt "$(head -800 "$A/small-gpt2/merges.txt")"
python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); del v["\u0120the"]; print(json.dumps(v))' "$A/small-gpt2/vocab.json" >holed.json
grep -v "^Ġ the$" "$A/small-gpt2/merges.txt" | grep -v "^Ġthe " | grep -v "^Ġt he$" >holed.txt
rm -rf model && copy_model model && cp holed.json model/vocab.json && cp holed.txt model/merges.txt
write_config config.yaml model ft-c 1
expect_rc 2 "$L" plan config.yaml --strict

# Followed: <mask> is one token, so the answer to a prompt with it differs from that of a folder without.
generate() { "$L" generate --model model --prompt 'a <mask> b' --tokens 3 2>told; }
rm -rf model
copy_model model
python3 - <<'PYTHON'
import json
vocabulary = json.load(open("model/vocab.json"))
old = [name for name, number in vocabulary.items() if number == 1867][0]
del vocabulary[old]
vocabulary["<mask>"] = 1867
json.dump(vocabulary, open("model/vocab.json", "w"))
merges = open("model/merges.txt").read().split("\n")
open("model/merges.txt", "w").write("\n".join(line for line in merges if line.replace(" ", "") != old))
PYTHON
generate >without || fail "generate"
echo '{"mask_token": "<mask>"}' >model/special_tokens_map.json
generate >with || fail "generate"
cmp -s with without && fail "special_tokens_map.json was not followed"
rm model/special_tokens_map.json
for named in '"extra_special_tokens": ["<mask>"]' '"extra_special_tokens": {"image_token": "<mask>"}' '"image_token": "<mask>"' \
  '"model_specific_special_tokens": {"image_token": "<mask>"}'; do
  echo "{$base, $named}" >model/tokenizer_config.json
  generate >named || fail "generate"
  cmp named with || fail "tokenizer_config.json was not followed: $named"
done
exit 0
