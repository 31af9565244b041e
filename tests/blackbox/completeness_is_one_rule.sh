# Sweep, status and report agree on what is complete, also where more is committed than is asked for.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 4 && expect_rc 0 "$L" sweep c.yaml --out s
write_config c.yaml M ft-c 2 && expect_rc 0 "$L" sweep c.yaml --out s && [ "$(cat s/STATE)" = COMPLETE ] || fail "STATE"
expect_rc 0 "$L" status s && expect_text '2/2 +2/2 +done' && expect_text '1 of 1 cells done'
expect_rc 0 "$L" report s --no-figures
grep -q '^1 of 1 cells are complete' s/report/summary.md || fail "$(sed -n 3p s/report/summary.md)"
grep -q '4 edits are committed, of which this experiment asks for the first 2' s/report/summary.md || fail "no note"
! grep -q ',[34],' s/report/curves.csv || fail "edits that nobody asked for are shown"
rm s/cells/*/*/*/*/forgetting-0000002-*
expect_rc 0 "$L" status s && expect_text '2/2 +1/2 +begun' && expect_rc 0 "$L" report s --no-figures
grep -q '^0 of 1 cells are complete' s/report/summary.md || fail "$(sed -n 3p s/report/summary.md)"
# A folder in the place of a file for people stops nobody who only looks.
rm s/STATE s/status.json && mkdir s/STATE s/status.json
expect_rc 0 "$L" status s && expect_text 'no STATE yet' && expect_rc 0 "$L" report s --no-figures
rmdir s/STATE s/status.json && rm s/inspection.json && mkfifo s/inspection.json
expect_rc 0 timeout 60 "$L" status s && expect_rc 0 timeout 60 "$L" report s --no-figures
