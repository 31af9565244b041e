# With stop_at_collapse a cell whose model loses its language ends some edits later, at the same one wherever executors die, and is told by all
# who speak of it; the cell beside it goes on. Without the setting it goes on too, with the bits of a sweep that never had it.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 40
settings=$R/configs/methods/ft-c/small-gpt2.yaml
sed -i "s#methods: {ft-c: [^}]*}#methods: {ft-c: $settings, ft-c-wild: {method: ft-c, config: $settings, linf_bound: 3, learning_rate: 0.5}}#
  s#methods: \[ft-c\]#methods: [ft-c, ft-c-wild]#; s/_every: 1/_every: 10/" c.yaml
cp c.yaml never.yaml
echo 'stop_at_collapse: 3' >>c.yaml
cell=ft-c-wild/m/sample0

expect_rc 0 "$L" sweep c.yaml --out undisturbed
expect_text "COLLAPSED $cell at edit [0-9]+: ends at edit [0-9]+ of 40"
expect_text 'COMPLETE: cells 2/2, edits '
[ "$(grep -c COLLAPSED told)" -eq 1 ] || fail "it is told more than once"
collapse=$(grep -Eo 'at edit [0-9]+:' told | grep -Eo '[0-9]+') end=$((collapse + 3))
[ "$collapse" -ge 4 ] && [ "$end" -lt 40 ] || fail "a collapse at edit $collapse"

# told_by FOLDER: everybody names it, and nobody misses anything.
told_by() {
  expect_rc 0 "$L" status "$1" && expect_text "^$cell +$end/$end .* ended at edit $end: collapsed at $collapse" && expect_text '2 of 2 cells done'
  expect_rc 0 "$L" verify "$1" && expect_text "$cell: ends at edit $end of 40, because it had collapsed at edit $collapse" && expect_text 'all sound'
  expect_rc 0 "$L" plan c.yaml --out "$1" && expect_text "collapsed: $cell at edit $collapse; it ends at edit $end of 40"
  expect_rc 0 "$L" report "$1" --no-figures
  grep -q '^2 of 2 cells are complete' "$1/report/summary.md" || fail "$(sed -n 3p "$1/report/summary.md")"
  grep -q "$cell: ended at edit $end of 40: collapsed at $collapse" "$1/report/summary.md" || fail "the summary does not name the cell"
}
told_by undisturbed
ls undisturbed/cells/$cell/*/scores-*"$end"-* >/dev/null || fail "the last edit is not evaluated as one"

# Executors die at edits before and behind the collapse, and between its segment and its file.
for fault in edit.done:kill:$((collapse - 1)) edit.done:kill:$((collapse + 1)) edit.committed:kill:1; do
  rm -rf s
  LETHE_FAULT=$fault LETHE_RETRY_SECONDS=0.05 "$L" sweep c.yaml --out s >told 2>&1 </dev/null
  grep -q "strikes" told s/logs/* || fail "$fault did not strike"
  expect_rc 0 "$L" sweep c.yaml --out s
  expect_rc 0 "$L" verify --same undisturbed s && expect_text 'the same results'
  [ "$(cd undisturbed/cells/$cell && echo */collapsed-*)" = "$(cd s/cells/$cell && echo */collapsed-*)" ] || fail "$fault: another collapse"
done
told_by s

# A file that the records do not bear out is no end.
expect_rc 0 "$L" cell c.yaml --cell $cell --out single
told_by_records=$(ls single/cells/$cell/*/collapsed-*)
mv "$told_by_records" "${told_by_records/collapsed-00000/collapsed-00001}"
expect_rc 1 "$L" verify single && expect_text 'is not what version 1 of the rule says of a collapse at edit'
expect_rc 0 "$L" cell c.yaml --cell $cell --out single
ls single/cells/$cell/*/quarantine/collapsed-* >/dev/null || fail "the file was not put aside"
[ -f "$told_by_records" ] || fail "the right one is not there"

# Without the setting.
expect_rc 0 "$L" sweep never.yaml --out s && expect_text 'COMPLETE: cells 2/2, edits 80/80'
expect_rc 0 "$L" sweep never.yaml --out always
! ls always/cells/$cell/*/collapsed-* 2>/dev/null || fail "a file that nobody asked for"
for folder in s always; do expect_rc 0 "$L" export $folder --cell $cell --edits 40 --to "$folder-40"; done
cmp s-40/model.safetensors always-40/model.safetensors || fail "other weights after edit 40"
