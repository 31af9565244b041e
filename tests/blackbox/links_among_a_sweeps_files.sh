# A loop of links stops no verb; a sweep writes into no folder and no file through a link inside its own.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 2 && expect_rc 0 "$L" sweep c.yaml --out s
cell=$(echo s/cells/*/*/*/*/)
for folder in s "$cell" "$(dirname "$cell")" s/owners s/logs; do ln -s loop "$folder/loop" && ln -s nowhere "$folder/dangling"; done
name=$(basename "$(ls "$cell"segment-0000001-*)" | sed 's/segment-0000001-0000001/segment-0000009-0000009/') && ln -s "$name" "$cell$name"
for verb in status verify "report --no-figures"; do expect_rc 0 "$L" $verb s; done
expect_rc 0 "$L" sweep c.yaml --out s
# Folders elsewhere stay as they are.
for folder in cells prerequisites logs owners; do
  rm -rf s && mkdir -p s elsewhere && ln -s "$work/elsewhere" s/$folder
  expect_rc 1 "$L" sweep c.yaml --out s && expect_text "s/$folder: is a symbolic link.*--out"
  [ -z "$(ls -A elsewhere)" ] || fail "written through s/$folder: $(ls elsewhere)"
done
expect_rc 1 "$L" cell c.yaml --cell ft-c/m/sample0 --out s && [ -z "$(ls -A elsewhere)" ] || fail "cell wrote through a link"
# Files that are appended to, and those that are replaced.
for file in events.jsonl logs/rank-0.log STATE status.json experiment.json; do
  rm -rf s && mkdir -p s/logs && echo precious > target && ln -s "$work/target" s/$file
  "$L" sweep c.yaml --out s > told 2>&1 </dev/null
  [ "$(cat target)" = precious ] || fail "written through s/$file"
done
# The sweep's own folder may be a link.
rm -rf s elsewhere && mkdir elsewhere && ln -s elsewhere s && expect_rc 0 "$L" sweep c.yaml --out s && expect_rc 0 "$L" report s --no-figures
