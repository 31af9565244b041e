# Two sweeps of different seeds in one report: differences that are negated when they are swapped, nothing of a sweep beside itself; what one lacks is named.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config a.yaml M rome 2 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
sed "s#^examples:.*#examples: $A/world/tasks/sentiment.json#" "$R"/configs/tasks/small_sentiment.yaml > sentiment.yaml
sed -i 's/samples: \[0\]/samples: [0, 1]/; $a tasks: [sentiment.yaml]\ntasks_every: 1' a.yaml
sed 's/seed: 37/seed: 41/' a.yaml > b.yaml
for name in a b; do expect_rc 0 "$L" sweep $name.yaml --out $name; done
before=$(find a b -type f | sort | xargs sha256sum)
expect_rc 0 "$L" report a b --out ab --no-figures && expect_text '^b beside a$'
expect_rc 0 "$L" report b a --out ba --no-figures
[ "$(find a b -type f | sort | xargs sha256sum)" = "$before" ] || fail "something was written into a or b"
grep -q '^\* seed: 37 in a, 41 in b$' ab/summary.md || fail "the summary does not say what differs"
[ "$(grep -c '^\* seed\|^\* [a-z_.]*: .* in a' ab/comparison.md)" = 1 ] || fail "something else than the seed is said to differ"
grep -q '^| b *| rome/m/sample1 ' ab/summary.md || fail "rows of cells do not say of which sweep they are"
head -1 ab/curves.csv | grep -qx 'sweep,cell,method,model,sample,metric,edits,value' || fail "columns: $(head -1 ab/curves.csv)"
for name in a b; do grep -q "^$name,rome/m/sample1,rome,m,1,f1.mean,2," ab/curves.csv || fail "no curve of $name"; done
python3 - <<'PYTHON' || fail "swapped sweeps do not give negated differences"
import csv
rows = {name: {(row["method"], row["model"], row["quantity"]): row for row in csv.DictReader(open(f"{name}/comparison.csv"))} for name in ("ab", "ba")}
assert rows["ab"].keys() == rows["ba"].keys() and len(rows["ab"]) >= 15, rows["ab"].keys()
moved = 0
for key, row in rows["ab"].items():
    back = rows["ba"][key]
    pairs = [("first_mean", "second_mean", 1), ("difference", "difference", -1), ("low", "high", -1), ("high", "low", -1)]
    for one, other, sign in pairs:
        assert bool(row[one]) == bool(back[other]), (key, one)
        assert not row[one] or float(row[one]) == sign * float(back[other]), (key, one, row, back)
    moved += bool(row["difference"]) and float(row["difference"]) != 0
assert moved > 0, "the two seeds give the same numbers"
PYTHON
head -1 ab/edits.csv | grep -q '^sweep,cell,method,model,sample,edit,case_id,status,efficacy,' || fail "columns: $(head -1 ab/edits.csv)"
for name in a b; do [ "$(sed "1d; /^$name,/!d; s/^$name,//" ab/edits.csv | wc -l)" = 4 ] || fail "not every edit of $name: $(cat ab/edits.csv)"; done
# Beside itself: nothing, of every number.
expect_rc 0 "$L" report a a --out aa --no-figures
awk -F, 'NR > 1 && $12 != "" && ($12 != 0 || $13 != 0 || $14 != 0) { exit 1 }' aa/comparison.csv || fail "a sweep differs from itself"
grep -q '^a,a (2),rome,m,es,2,2,2,2,' aa/comparison.csv || fail "$(head -2 aa/comparison.csv)"
grep -q 'nothing: both ask for the same' aa/comparison.md || fail "one config is said to differ from itself"
grep -q '2 of 2 cells have the same edit identity' aa/comparison.md || fail "the same edits are not said to be the same"
# A part of a sweep, and one without the unedited model's answers.
cp -r b part && rm part/cells/rome/m/sample1/*/*.h5 part/cells/rome/m/sample0/*/tasks-0000002-*
expect_rc 0 "$L" report a part --out a-part --no-figures
grep -q 'no edits of it yet: rome/m/sample1' a-part/comparison.md || fail "a cell without edits is not named"
grep -q '^a,part,rome,m,f1.mean,1,1,1,1,' a-part/comparison.csv || fail "F1 is not of the last common checkpoint: $(grep f1.mean a-part/comparison.csv)"
cp -r b bare && rm -r bare/prerequisites/baseline
expect_rc 1 "$L" report a bare --out a-bare --no-figures && expect_text '^left out: bare: .*unedited model'
grep -q '^a,bare,rome,m,f1.mean,2,2,2,2,' a-bare/comparison.csv || fail "F1 is not compared without a baseline"
# What is refused.
expect_rc 1 "$L" report a nowhere --out new && expect_text 'nowhere/experiment.json'
[ ! -e new ] || fail "a folder was made for nothing"
for out in a b/report a/../b; do expect_rc 2 "$L" report a b --out $out && expect_text 'lies in the sweep'; done
expect_rc 2 "$L" report a b && expect_text '--out DIR'
expect_rc 2 "$L" report a --out new && expect_text 'report of one sweep'
expect_rc 2 "$L" report a b --out new --label one && expect_text '1 names for 2 sweeps'
expect_rc 2 "$L" report a b --out M && expect_text 'holds other files'
# Under other names, with figures where they can be drawn.
expect_rc 0 "$L" report a b --out named --label "seed 37" --label "seed, 41" --no-figures
grep -q '^"seed, 41",rome/m/sample0,' named/curves.csv || fail "labels in curves.csv: $(tail -1 named/curves.csv)"
for python in "${LETHE_PYTHON:-}" /usr/bin/python3 python3; do
  [ -n "$python" ] && "$python" -I -c 'import h5py, numpy, matplotlib' 2>/dev/null || continue
  expect_rc 0 "$L" report a b --out ab --format png
  for name in overview differences; do [ -s ab/figures/$name.png ] && [ -s ab/figures/$name.txt ] || fail "no figure $name"; done
  [ "$(grep -o 'src="data:image/png;base64,' ab/index.html | wc -l)" = 2 ] || fail "not every figure is in the page"
  break
done
command -v pdflatex >/dev/null || exit 0
mkdir tex && cd tex && expect_rc 0 pdflatex -interaction=nonstopmode -halt-on-error ../ab/summary.tex
