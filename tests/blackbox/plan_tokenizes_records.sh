# `plan` tokenises all that a run will: each text that is too long or has a token beyond the vocabulary is rc 2, with
# file, case and field. Negative case ids and a list under a key are told too.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
RECORDS=records.json SAMPLES=samples.json write_config c.yaml M ft-c 4
# change CODE: r is the record of the third edit.
change() {
  python3 - "$A" "$1" <<'PYTHON'
import json, sys
records = json.load(open(sys.argv[1] + "/world/counterfact.json"))
samples = json.load(open(sys.argv[1] + "/world/samples.json"))
case = samples["0"][2]
r = next(r for r in records if r["case_id"] == case)
long = " ".join(["the meal was good and"] * 40)
exec(sys.argv[2])
json.dump(records, open("records.json", "w"))
json.dump(samples, open("samples.json", "w"))
open("case", "w").write(str(case))
PYTHON
}
# refused FIELD: the record is refused by its case and field.
refused() {
  expect_rc 2 "$L" plan c.yaml
  expect_text "records.json: case $(cat case): $1"
}
too_long="has [0-9]+ tokens.*positions"
change 'r["neighborhood_prompts"][1] = long'; refused "neighborhood_prompts\\[1\\] $too_long"
change 'r["paraphrase_prompts"][0] = long'; refused "paraphrase_prompts\\[0\\] $too_long"
change 'r["requested_rewrite"]["target_true"]["str"] = long'; refused "target_true $too_long"
change 'r["requested_rewrite"]["target_new"]["str"] = long'; refused "target_new $too_long"
change 'r["requested_rewrite"]["prompt"] = long + " {}"'; refused "prompt $too_long"
# Each of the two fits, both together do not.
change 'r["paraphrase_prompts"][0] = "good " * 25; r["requested_rewrite"]["target_true"]["str"] = "good" + " good" * 24'
refused "paraphrase_prompts\\[0\\] .*behind them.*positions"
change 'r["neighborhood_prompts"][0] = ""'
expect_rc 2 "$L" plan c.yaml
change 'r["case_id"] = -1; samples["0"][2] = -1'
expect_rc 2 "$L" plan c.yaml
expect_text "records.json: entry [0-9]+, key \"case_id\": a number of at least 0 expected, found -1"
change ''; printf '{\n "data": [\n  {"case_id": 1}\n ]\n}\n' > records.json
expect_rc 2 "$L" plan c.yaml
expect_text "records.json: is a JSON object over several lines, with lists under data"

# A token that the tokenizer has and the network has not, in one record and not in the others.
change 'r["neighborhood_prompts"][0] = "say <extra> and"'
python3 -c 'import json; json.dump({"<extra>": 1869}, open("M/added_tokens.json", "w"))'
refused "neighborhood_prompts\\[0\\] has the token 1869 .*beyond the model's vocabulary of 1869"
change ''
expect_rc 0 "$L" plan c.yaml

# Methods with contexts put them before each prompt.
RECORDS=records.json SAMPLES=samples.json write_config c.yaml M rome 4 "second_moments: {corpus: $A/world/corpus.txt}, "
change 'r["requested_rewrite"]["prompt"] = "good " * 39 + "{}"'
expect_rc 2 "$L" plan c.yaml
expect_text "records.json: case $(cat case): .*context"
