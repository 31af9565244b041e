# `lethe cell` says how far it is every two seconds on a terminal, and in the pace of a sweep's log where there is none.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 5
command -v script >/dev/null || { echo "no script(1) here: skipped"; exit 77; }
# Ten seconds of edits: each waits for two.
export LETHE_FAULT=edit.step:delay:1+
expect_rc 0 "$L" cell c.yaml --cell ft-c/m/sample0 --out logged
cp told logged.told
expect_rc 0 script -qec "$L cell c.yaml --cell ft-c/m/sample0 --out seen" /dev/null
logged=$(grep -c "stage=edit" logged.told) seen=$(grep -c "stage=edit" told)
[ "$seen" -ge 4 ] || fail "$seen lines on a terminal"
[ "$logged" -ge 1 ] && [ "$logged" -le 3 ] || { cp logged.told told; fail "$logged lines where there is none"; }
