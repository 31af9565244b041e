# What runs before left half written, on whichever host, is removed by the sweep that owns the folder; nothing else is.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
expect_rc 0 "$L" sweep c.yaml --out out
cell=$(echo out/cells/ft-c/m/sample0/*/)
mkdir -p out/report elsewhere
old=".STATE.elsewhere_4026531836.4711.99.7.tmp"
touch -d '2 hours ago' "out/$old" "out/owners/$old" "$cell/.segment-0000001-0000001.elsewhere_1.5.6.1.tmp" "out/report/$old" "out/.mine.tmp" "elsewhere/$old"
touch "out/.STATE.elsewhere_4026531836.4711.99.8.tmp"
ln -s "$PWD/elsewhere" out/linked
expect_rc 0 "$L" sweep c.yaml --out out
left=$(find out elsewhere -name '*.tmp' | sort | tr '\n' ' ')
[ "$left" = "elsewhere/$old out/.STATE.elsewhere_4026531836.4711.99.8.tmp out/.mine.tmp out/report/$old " ] || fail "left: $left"
