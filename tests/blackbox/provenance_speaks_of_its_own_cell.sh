# A file's provenance holds what of the config concerns its cell: files of a large sweep do not grow with the number of its cells.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 1 && sed -i 's/samples: \[0\]/samples: [0, 1]/' c.yaml && expect_rc 0 "$L" sweep c.yaml --out s
for file in s/cells/ft-c/m/sample0/*/*.h5; do
  grep -aq '"cell": "ft-c/m/sample0"' "$file" || fail "$file does not say of which cell it is"
  ! grep -aq sample1 "$file" || fail "$file speaks of another cell"
done
for file in s/cells/ft-c/m/sample1/*/*.h5; do ! grep -aq sample0 "$file" || fail "$file speaks of another cell"; done
