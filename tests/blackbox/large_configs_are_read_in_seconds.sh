# The largest configs that are read at all: a megabyte of unknown keys, 150,000 samples, tens of thousands of entries that take
# cells away and give them back.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
python3 - <<'PYTHON'
text = open("c.yaml").read()
keys = "".join(f"k{i}: 1\n" for i in range(100_000))
open("keys.yaml", "w").write(text + keys[: 1_040_000 - len(text)].rsplit("\n", 1)[0] + "\n")
open("samples.yaml", "w").write(text.replace("samples: [0]", "samples: [" + ",".join(map(str, range(150_000))) + "]"))
many = text.replace("samples: [0]", "samples: [" + ",".join(map(str, range(30_000))) + "], exclude: ["
                    + ",".join(f"{{sample: {i}}}" for i in range(1, 30_000)) + "], include: ["
                    + ",".join(["{method: ft-c, sample: 0}"] * 10_000) + "]")
open("entries.yaml", "w").write(many)
models = "".join(f"  a{i}: {{path: M, methods: {{}}}}\n" for i in range(20_000))
open("models.yaml", "w").write(text.replace("models:\n", "models:\n" + models))
open("product.yaml", "w").write(text.replace("models:\n", "models:\n" + models[:400_000].rsplit("\n", 1)[0] + "\n")
                                .replace("samples: [0]", "samples: [" + ",".join(map(str, range(50_000))) + "]"))
PYTHON
expect_rc 2 timeout 15 "$L" plan keys.yaml
expect_text "problems:"
[ "$(stat -c %s told)" -lt 1000000 ] || fail "a message of $(stat -c %s told) bytes"
timeout 200 "$L" plan samples.yaml >told 2>&1
[ $? -ne 124 ] || fail "150,000 samples take more than 200 s"
expect_rc 0 timeout 60 "$L" plan entries.yaml
expect_text '1 cells'
expect_rc 2 timeout 10 "$L" plan models.yaml
expect_text 'models.a0.methods.ft-c: is missing'
expect_rc 2 timeout 10 "$L" plan product.yaml
expect_text 'grid: names [0-9]+ cells; expected at most 1000000 in all'
