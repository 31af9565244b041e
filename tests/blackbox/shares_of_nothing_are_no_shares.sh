# 0 of 0 is no share: not in tables, not in curves.csv, not in sentences; and an F1 of 0 is measured.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && python3 - <<'PYTHON'
import json, os, struct
# A model that knows nothing: every weight but those of the norms is small noise.
path = "M/model.safetensors"
data = bytearray(open(path, "rb").read())
size = struct.unpack("<Q", data[:8])[0]
state = 12345
for name, entry in json.loads(data[8:8 + size]).items():
    if name == "__metadata__" or "ln_" in name: continue
    begin, end = entry["data_offsets"]
    step = {"F32": 4, "F16": 2}[entry["dtype"]]
    for at in range(8 + size + begin, 8 + size + end, step):
        state = (1103515245 * state + 12345) % 2**31
        value = 0.04 * (state / 2**30 - 1)
        data[at:at + step] = struct.pack("<f" if step == 4 else "<e", value)
open(path, "wb").write(data)
PYTHON
write_config c.yaml M ft-c 3
cat > still.yaml <<METHOD
$(grep -v -E '^(learning_rate|lr):' "$R"/configs/methods/ft-c/small-gpt2.yaml)
$(grep -oE '^(learning_rate|lr):' "$R"/configs/methods/ft-c/small-gpt2.yaml) 1.0e-12
METHOD
sed -i "s#ft-c: [^}]*}#ft-c: still.yaml}#" c.yaml
sed "s#^examples:.*#examples: $A/world/tasks/sentiment.json#" "$R"/configs/tasks/small_sentiment.yaml > task.yaml && echo "tasks: [task.yaml]" >> c.yaml
expect_rc 0 "$L" sweep c.yaml --out s && expect_rc 0 "$L" report s --no-figures
grep -q ',forgetting.argmax.ever,3,$' s/report/curves.csv || fail "0 of 0 in curves.csv: $(grep argmax.ever s/report/curves.csv)"
grep -q ',forgetting.argmax.known,3,0$' s/report/curves.csv || fail "the model knows something: $(grep argmax.known s/report/curves.csv)"
grep -q '0 of 3 facts were known, so there was nothing to forget' s/report/summary.md || fail "$(grep '^\* \*\*' s/report/summary.md)"
grep -q '| 0 of 3 |' s/report/summary.md || fail "no denominator: $(grep '^| ft-c' s/report/summary.md)"
! grep -qE '0\.0 % have been forgotten|\<nan\>' s/report/summary.md || fail "$(grep -E '0\.0 %|\<nan\>' s/report/summary.md)"
! grep -q 'has not been measured' s/report/summary.md || fail "$(grep 'not been measured' s/report/summary.md)"
grep -q 'there is nothing to lose' s/report/summary.md || fail "$(grep '^\* \*\*' s/report/summary.md)"
