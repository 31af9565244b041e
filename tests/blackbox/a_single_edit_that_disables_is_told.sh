# Edits, each the first of a fresh model: chosen from a sweep, from it by their updates, or by name, beside random ones. The run is
# killed and goes on, its table is reckoned again by hand, and it says whether a single edit disables the model.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
sed "s#^examples:.*#examples: $A/world/tasks/sentiment.json#" "$R"/configs/tasks/small_sentiment.yaml >task.yaml
head -300 "$A"/world/corpus.txt >corpus.txt
# FT-C with steps that leave nothing of the model, beside ROME as it is.
grep -vE '^(learning_rate|lr|linf_bound|bound_centre):' "$R"/configs/methods/ft-c/small-gpt2.yaml >wild.yaml
printf 'learning_rate: 1.0\nlinf_bound: 100.0\n' >>wild.yaml
write_config c.yaml M ft-c 8 "second_moments: {corpus: corpus.txt}, "
sed -i "s#methods: {ft-c: [^}]*}#methods: {ft-c: wild.yaml, rome: $R/configs/methods/rome/small-gpt2.yaml}#" c.yaml
printf 'tasks: [task.yaml]\ntasks_every: 1\n' >>c.yaml
# disabling NUMBER ARGUMENT...: with so many random edits.
disabling() { "$L" diagnose disabling c.yaml --method rome,ft-c --normal "$@"; }

# What is missing is named, and nothing is made.
expect_rc 2 disabling 3 && expect_text 'runs/blackbox/experiment.json.*--cases'
expect_rc 2 disabling 3 --cases 1675,999999 && expect_text 'counterfact.json: has no record of case 999999 \(named\)'
expect_rc 2 disabling 2000 --cases 1675 && expect_text 'hold 1999 cases .*fewer than --normal 2000'
expect_rc 2 "$L" diagnose disabling c.yaml --cases 1675 --method rone && expect_text 'did you mean "rome"'
expect_rc 2 "$L" diagnose disabling c.yaml --cases one
expect_rc 2 "$L" diagnose disablin c.yaml && expect_text 'did you mean "disabling"'
expect_rc 0 "$L" diagnose disabling --help && expect_text 'lethe diagnose disabling '
[ ! -e runs ] || fail "made: $(find runs)"

expect_rc 0 "$L" sweep c.yaml
expect_rc 2 disabling 3 --out runs/blackbox && expect_text 'is the folder of another sweep; choose another --out'
# Killed in mid-run, with all that it started, and started again.
D=runs/blackbox-disabling
setsid "$L" diagnose disabling c.yaml --method rome,ft-c --normal 3 --ranks 2 >killed 2>&1 </dev/null &
run=$!
for _ in $(seq 600); do ls $D/cells/*/*/*/*/segment-* >before 2>/dev/null && break || sleep 0.1; done
kill -9 -- -$run; wait $run 2>/dev/null
[ -s before ] || fail "nothing was committed: $(cat killed)"
expect_rc 0 disabling 3
expect_text '^ft-c on m: a single disabling edit exists: 4 of 4 tried \(1 of 1 chosen, 3 of 3 random ones: 43.8 to 100.0 %\)\.$'
expect_text '^rome on m: no single disabling edit among 4 tried \(0 of 1 chosen, 0 of 3 random ones: 0.0 to 56.2 %\)\.$'
while read -r file; do [ -e "$file" ] || fail "$file was made again"; done <before
expect_rc 0 disabling 3 --out undisturbed
expect_rc 0 "$L" verify --same $D undisturbed
cmp $D/report/disabling.csv undisturbed/report/disabling.csv && cmp $D/report/disabling-ratios.csv undisturbed/report/disabling-ratios.csv || fail "other tables"

# The chosen edit is the one that the sweep's report names; its distance is that of the exported model, and the ratio that of means.
expect_rc 0 "$L" report runs/blackbox --no-figures
chosen=$(python3 -c 'import csv; print(*[row["case_id"] for row in csv.DictReader(open("runs/blackbox/report/phases.csv"))])')
expect_rc 0 "$L" export $D --cell rome/m/sample"$chosen" --edits 1 --to edited
python3 - "$chosen" $D/report <<'PYTHON' || fail "tables: $(cat $D/report/disabling*.csv)"
import array, csv, json, math, struct, sys
chosen, folder = sys.argv[1:]
rows = list(csv.DictReader(open(f"{folder}/disabling.csv", newline="")))
unedited, = [row for row in rows if row["set"] == "unedited"]
edits = [row for row in rows if row["set"] != "unedited"]
assert len(edits) == 8 and all(row["status"] == "applied" for row in edits), edits
assert {row["case_id"] for row in edits if row["set"] == "chosen"} == {chosen}
assert all(row["subject"] for row in edits)

def tensor(path, name):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    entry = json.loads(raw[8:8 + size])[name]
    assert entry["dtype"] == "F32", entry
    return array.array("f", raw[8 + size:][slice(*entry["data_offsets"])])

weight = "transformer.h.0.mlp.c_proj.weight"
before, after = (tensor(f"{model}/model.safetensors", weight) for model in ("M", "edited"))
norm = math.sqrt(sum((a - b) ** 2 for a, b in zip(after, before)))
row, = [row for row in edits if row["cell"] == f"rome/m/sample{chosen}"]
assert math.isclose(float(row["distance"]), norm, rel_tol=1e-4), (row, norm)
assert math.isclose(float(row["update_norm"]), norm, rel_tol=1e-3), (row, norm)
assert math.isclose(float(row["normalized_distance"]), norm / len(before), rel_tol=1e-4), row
for row in edits:
    kept = 100 * float(row["f1.sentiment"]) / float(unedited["f1.sentiment"])
    assert math.isclose(float(row["kept_f1"]), kept, rel_tol=1e-4, abs_tol=1e-4), row
    assert row["disabling"] == ("yes" if kept < 25 else "no"), row
ratios = {(row["method"], row["quantity"]): row for row in csv.DictReader(open(f"{folder}/disabling-ratios.csv", newline=""))}
for method in ("rome", "ft-c"):
    for quantity in ("distance", "normalized_distance", "es", "ns"):
        mean = {}
        for kind in ("chosen", "normal"):
            values = [float(row[quantity]) for row in edits if row["method"] == method and row["set"] == kind]
            mean[kind] = sum(values) / len(values)
        row = ratios[method, quantity]
        assert (row["num_chosen"], row["num_normal"]) == ("1", "3"), row
        if mean["normal"]:
            ratio = mean["chosen"] / mean["normal"]
            assert math.isclose(float(row["ratio"]), ratio, rel_tol=1e-4), (row, mean)
            assert float(row["low"]) <= ratio * 1.0001 and float(row["high"]) >= ratio * 0.9999, row
PYTHON
grep -q '^\* \*\*ft-c on m\*\*: a single disabling edit exists' $D/report/disabling.md || fail "$(cat $D/report/disabling.md)"

grep -q '^rome & m & '"$chosen"' & .* & behind .*/m/sample0' $D/report/disabling.tex || fail "$(cat $D/report/disabling.tex)"
if command -v pdflatex >/dev/null; then
  mkdir tex
  (cd tex && expect_rc 0 pdflatex -interaction=nonstopmode -halt-on-error ../$D/report/disabling.tex) || exit 1
fi

# The report of the sweep has them, of the folder beside it and of one that is named; another model's are not taken for its own.
expect_rc 0 "$L" report runs/blackbox --no-figures
python3 - $D/report runs/blackbox/report <<'PYTHON' || fail "$(cat runs/blackbox/report/summary.md)"
import csv, sys
single, report = sys.argv[1:]
summary = open(f"{report}/summary.md").read()
assert "\n## Single edits\n\nFrom blackbox-disabling beside the sweep, where 8 of 8 cells are complete." in summary
assert "\n* **ft-c on m**: a single disabling edit exists: 4 of 4 tried" in summary
assert open(f"{single}/disabling.md").read().split("Chosen edits beside random ones.")[1].split("\n\n")[1] in summary, "another table 2"
edits = [row for row in csv.DictReader(open(f"{single}/disabling.csv", newline="")) if row["set"] != "unedited"]
row, = [line for line in summary.splitlines() if line.startswith("| a single edit disables a fresh model")]
header, = [line for line in summary.splitlines() if line.startswith("| property")]
cells = dict(zip(*([cell.strip() for cell in line.strip("|").split("|")] for line in (header, row))))
assert set(cells) == {"property", "ft-c"}, "columns are the sweep's methods"
assert "\n* **rome on m**: no single disabling edit among 4 tried" in summary
chosen, random = ([one["disabling"] == "yes" for one in edits if one["method"] == "ft-c" and one["set"] == kind] for kind in ("chosen", "normal"))
word = "yes" if any(chosen + random) else "none found"
begin = f"{word}: {sum(chosen)} of {len(chosen)} chosen, {100 * sum(random) / len(random):.1f} % of random ones ("
assert cells["ft-c"].startswith(begin) and cells["ft-c"].endswith(f"n {len(random)})"), (cells, begin)
PYTHON
grep -q 'label{tab:lethe-disabling-ratios}' runs/blackbox/report/summary.tex || fail "$(cat runs/blackbox/report/summary.tex)"
expect_rc 0 "$L" report runs/blackbox --no-figures --disabling undisturbed
grep -q '^From .*/undisturbed, where 8 of 8 cells' runs/blackbox/report/summary.md || fail "$(cat runs/blackbox/report/summary.md)"
expect_rc 2 "$L" report runs/blackbox --no-figures --disabling runs/blackbox && expect_text 'holds no single edits'
sed 's/^seed:.*//' c.yaml >seed.yaml && printf 'seed: 38\n' >>seed.yaml
expect_rc 0 "$L" diagnose disabling seed.yaml --method ft-c --cases 7 --normal 2 --out otherwise
expect_rc 2 "$L" report runs/blackbox --no-figures --disabling otherwise
expect_text '^.*--disabling .*/otherwise: ft-c on m: made of another model or with other settings .*seed: [0-9]+ \| 38'

# It is a sweep like others: it grows, and the verbs take its folder.
expect_rc 0 disabling 4 && expect_text '^rome on m: no single disabling edit among 5 tried'
while read -r file; do [ -e "$file" ] || fail "$file was made again"; done <before
expect_rc 0 "$L" verify $D && expect_text 'all sound'
expect_rc 0 "$L" status $D && expect_text '10/10'
expect_rc 0 "$L" plan $D/config.json --out $D && expect_text 'ready to run'
# Other ways of choosing; the folder of single edits has no point itself.
expect_rc 2 disabling 3 --sweep $D && expect_text 'no cell has a point of catastrophic forgetting.*--largest K.*--cases'
expect_rc 0 disabling 3 --largest 2 --cases 7 --out other && expect_text '^ft-c on m: .* 6 of 6 tried \(3 of 3 chosen'
grep -q '"found": "update norm [0-9.]* in ft-c/m/sample0 (edit [1-8])"' other/selection.json || fail "$(cat other/selection.json)"
# Of a sweep that is not at its end, this is said.
sed -i 's/"edits": 8/"edits": 9/' runs/blackbox/experiment.json
expect_rc 0 "$L" diagnose disabling c.yaml --largest 1 --normal 2 --method ft-c --out less
expect_text 'ft-c/m/sample0: 8 of 9 edits are committed; edits are chosen among these'
