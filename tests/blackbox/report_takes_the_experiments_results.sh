# Which results a report shows is decided by the experiment, never by the newest file; what it leaves out is told, and the exit status says so.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 2
sed "s#^examples:.*#examples: $A/world/tasks/sentiment.json#" "$R"/configs/tasks/small_sentiment.yaml > good.yaml
sed 's/label: 1/label: 9/; s/label: 0/label: 1/; s/label: 9/label: 0/' good.yaml > broken.yaml  # right answers count as wrong
for prompt in good broken; do cp c.yaml $prompt-config.yaml; echo "tasks: [$prompt.yaml]" >> $prompt-config.yaml; done
f1() { grep ',f1.mean,2,' s/report/curves.csv | sed 's/.*,//'; }
expect_rc 0 "$L" sweep good-config.yaml --out s && expect_rc 0 "$L" report s --no-figures && good=$(f1)
expect_rc 0 "$L" sweep broken-config.yaml --out s && expect_rc 0 "$L" report s --no-figures && broken=$(f1)
[ "$good" != "$broken" ] || fail "the two prompts give one F1: $good"
expect_rc 0 "$L" sweep good-config.yaml --out s
expect_rc 0 "$L" report s --no-figures
[ "$(f1)" = "$good" ] || fail "F1 $(f1) of the broken prompt instead of $good"
grep -q 'made with other settings' s/report/summary.md || fail "the summary does not name the others"
other=$(sed -n 's/.*tasks reductions made with other settings (identity \([0-9a-f]*\)).*/\1/p' s/report/summary.md)
expect_rc 1 "$L" report s --no-figures --identity "$other"
[ "$(f1)" = "$broken" ] || fail "--identity $other shows $(f1) instead of $broken"
grep -q 'answers of the unedited model are left out' s/report/summary.md || fail "a baseline of other prompts beside it was not noticed"
expect_rc 2 "$L" report s --no-figures --identity 999999999999
head -1 s/report/curves.csv | grep -qx 'cell,method,model,sample,metric,edits,value' || fail "columns: $(head -1 s/report/curves.csv)"
# Without the inspection, of several none is guessed.
mv s/inspection.json . && expect_rc 1 "$L" report s --no-figures && mv inspection.json s
grep -q 'several settings' s/report/summary.md || fail "the summary does not say that it could not choose"
# A damaged file is left out, named, and in the exit status.
printf x >> "$(ls s/cells/*/*/*/*/distance-0000001-*)"
expect_rc 1 "$L" report s --no-figures
grep -q '^\* cells/.*distance-0000001.* left out' s/report/summary.md || fail "the damaged file is not named"
# experiment.json that is no JSON: path, place, remedy.
printf '{\n  oops' > s/experiment.json
for verb in report status verify; do
  expect_rc 1 "$L" $verb s && expect_text 's/experiment.json:2:[0-9]+: is no JSON.*lethe sweep'
done
