# Subjects are told apart as Python's lower() tells them apart, whichever scripts they are of.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
expected=$(python3 - <<'PYTHON'
import json
subjects = ["\ua640", "\ua641", "\u1c90\u1c91", "\u10d0\u10d1", "\u13a0", "\uab70", "\u212aelvin", "kelvin", "\u212bngstr\u00f6m",
            "\u00e5ngstr\u00f6m", "\u0391\u03a3", "\u03b1\u03c2", "\u03b1\u03c3", "\u0391\u03a3.", "\u03b1\u03c2.", "\u0130zmir", "i\u0307zmir", "izmir",
            "\u01c4", "\u01c6", "\U00010400", "\U00010428", "\u0391'\u03a3'", "\u03b1'\u03c2'"]
records = [{"case_id": i, "requested_rewrite": {"prompt": "{} is", "subject": s, "target_new": {"str": "a"},
            "target_true": {"str": "b"}}} for i, s in enumerate(subjects)]
json.dump(records, open("records.json", "w"))
print(len({s.lower() for s in subjects}))
PYTHON
)
expect_rc 0 "$L" samples records.json --out samples.json --orders 1
found=$(python3 -c 'import json; print(len(json.load(open("samples.json"))["0"]))')
[ "$found" = "$expected" ] || fail "$found subjects, Python's lower() tells $expected apart"
