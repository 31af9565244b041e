# Where both targets are equally likely, no score counts it as a success, and no margin is above 0: a model whose output weights are 0 but for the
# end of text's finds all words equally likely, before any edit and after it.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
needs_h5py
copy_model M
$python - <<'PYTHON' || fail "cannot empty the output weights"
import json, struct
raw = bytearray(open("M/model.safetensors", "rb").read())
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
name, = (key for key in header if key.endswith("wte.weight"))
begin, end = (8 + size + offset for offset in header[name]["data_offsets"])
width = header[name]["shape"][1]
last = json.load(open("M/vocab.json"))["<|endoftext|>"]
raw[begin:end] = bytes(end - begin)
raw[begin + 4 * width * last:begin + 4 * width * (last + 1)] = struct.pack("<f", 1e-30) * width
open("M/model.safetensors", "wb").write(raw)
PYTHON
write_config c.yaml M ft-c 5
expect_rc 0 "$L" sweep c.yaml --out s
expect_rc 0 "$L" report s --no-figures
cat >check.py <<'PYTHON'
import csv, glob, h5py
rows = list(csv.DictReader(open("s/report/curves.csv")))
for kind in ("efficacy", "paraphrase", "neighborhood"):
    for asked in ("window_5", "all_edits", "unedited"):
        values = [float(row["value"]) for row in rows if row["metric"] == f"{kind}.{asked}"]
        assert values and not any(values), (kind, asked, values)
known = [float(row["value"]) for row in rows if row["metric"] == "forgetting.efficacy.known"]
assert known and not any(known), known
for path in glob.glob("s/cells/*/*/*/*/segment-*"):
    with h5py.File(path) as segment:
        metrics = segment["metrics"]
        assert (metrics["nll_new"][:] == metrics["nll_true"][:]).all(), "no ties: the test tests nothing"
        assert (metrics["margin"][:] <= 0).all(), metrics["margin"][:]
PYTHON
$python check.py >told 2>&1 || fail "a tie is taken for a success"
expect_rc 0 "$L" verify s
