# A short run of scripts/soak: killed at random, nothing is lost and nothing differs; and it counts what it did.
here=$(dirname "$(readlink -f "$0")")
. "$here/checks.sh"
expect_rc 0 python3 "$here/../../scripts/soak" 15 --append sums.csv
expect_text "^seconds [0-9]+, sweeps [1-9][0-9]*, kills [1-9][0-9]*, .*edits lost 0, results differing 0, runs failed 0, "
expect_text "^sums.csv: 1 run\(s\): "
# It sees a loss: where the programs answer that two sweeps differ, it says so.
mkdir programs && cp -s "$(dirname "$L")"/* programs && rm programs/lethe
cat >programs/lethe <<LETHE
#!/bin/sh
[ "\$1 \$2" != "verify --same" ] || exit 1
exec "$L" "\$@"
LETHE
chmod +x programs/lethe
PROGRAMS=$PWD/programs expect_rc 1 python3 "$here/../../scripts/soak" 1
expect_text "results differing [1-9]"
