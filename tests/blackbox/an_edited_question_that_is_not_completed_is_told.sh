# Facts whose question is answered after its edit and whose completion form is not: how many, and what the model says instead.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml M ft-c 6
expect_rc 0 "$L" diagnose zsre c.yaml && cp told all
expect_rc 0 "$L" diagnose zsre c.yaml --failures 1 && cp told one
expect_rc 0 "$L" diagnose zsre c.yaml --failures 0 && cp told none
expect_rc 2 "$L" diagnose zsre c.yaml --failures -1
python3 - "$A" <<'PYTHON' || fail "$(cat all one none)"
import json, pathlib, re, sys
records = {record["case_id"]: record for record in json.load(open(pathlib.Path(sys.argv[1], "world/counterfact.json")))}
FACT = re.compile(r'^    case (\d+), "(.*)": "(.*)" is continued with "(.*)", not with "(.*)"$', re.MULTILINE)
COUNT = re.compile(r"^  not named by the completion form +(\d+) of (\d+) successful edits(.*)$", re.MULTILINE)
read = lambda name: open(name, encoding="utf-8").read()
lost, successful, end = COUNT.search(read("all")).groups()
facts = FACT.findall(read("all"))
assert 2 <= len(facts) == int(lost) <= int(successful) <= 6 and end == ":", facts
carried, asked = re.search(r"where that succeeded (\d+) of (\d+)", read("all")).groups()
assert (int(asked) - int(carried), asked) == (int(lost), successful), (carried, asked)
for case, subject, prompt, answer, new in facts:
    rewrite = records[int(case)]["requested_rewrite"]
    assert (subject, new) == (rewrite["subject"], rewrite["target_new"]["str"]), case
    assert prompt == rewrite["prompt"].replace("{}", subject), prompt
    assert answer.strip() and not answer.startswith(" " + new), answer
assert FACT.findall(read("one")) == facts[:1] and COUNT.search(read("one"))[3] == ", the first 1:", read("one")
assert FACT.findall(read("none")) == [] and COUNT.search(read("none")).groups() == (lost, successful, ""), read("none")
PYTHON
