# The point of catastrophic forgetting of a cell that is broken at its first edit; and of one that is not, that none was observed.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml M ft-c 8
sed "s#^examples:.*#examples: $A/world/tasks/sentiment.json#" "$R"/configs/tasks/small_sentiment.yaml >task.yaml
printf 'tasks: [task.yaml]\ntasks_every: 1\n' >>c.yaml
expect_rc 0 "$L" sweep c.yaml --out calm
# The same without a bound, with steps that leave nothing of the model.
grep -vE '^(learning_rate|lr|linf_bound|bound_centre):' "$R"/configs/methods/ft-c/small-gpt2.yaml >wild.yaml
printf 'learning_rate: 1.0\nlinf_bound: 100.0\n' >>wild.yaml
sed "s#ft-c: [^}]*}#ft-c: wild.yaml}#" c.yaml >w.yaml
expect_rc 0 "$L" sweep w.yaml --out wild
for sweep in calm wild; do expect_rc 0 "$L" report $sweep --no-figures; done
python3 - <<'PYTHON' || fail "phases.csv or breaks.csv: $(cat calm/report/*s.csv wild/report/phases.csv wild/report/breaks.csv)"
import csv
read = lambda path: list(csv.DictReader(open(path, newline="")))
(calm,), (wild,) = read("calm/report/phases.csv"), read("wild/report/phases.csv")
assert calm["verdict"] == "none observed" and calm["after"] == calm["by"] == calm["edit"] == "", calm
assert wild["verdict"] == "observed" and (wild["after"], wild["by"]) == ("0", "1"), wild
assert 0.95 < float(wild["confidence"]) <= 1 and "f1" in wild["indicators"].split(), wild
assert wild["f1_half_at"] == "1" and wild["edit"] == "1" and int(wild["case_id"]) > 0 and wild["subject"], wild
breaks = {row["indicator"]: row for row in read("wild/report/breaks.csv")}
assert set(breaks) == {"f1", "forgetting", "efficacy", "distance"}, breaks
assert float(breaks["f1"]["before"]) > 90 and float(breaks["f1"]["behind"]) < 60, breaks["f1"]
assert breaks["efficacy"]["verdict"] == "not judged" and breaks["efficacy"]["reason"], breaks["efficacy"]
PYTHON
grep -q '^\* \*\*ft-c/m/sample0\*\*: no point of catastrophic forgetting observed up to edit 8' calm/report/summary.md || fail "$(grep -A9 '## Phases' calm/report/summary.md)"
grep -q '^\* \*\*ft-c/m/sample0\*\*: catastrophic forgetting after edit 0 and by edit 1,' wild/report/summary.md || fail "$(grep -A9 '## Phases' wild/report/summary.md)"
