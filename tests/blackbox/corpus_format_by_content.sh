# A corpus is read by what it holds, not by its name; other forms are refused with file and remedy, before anything runs.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model model
head -300 "$A/world/corpus.txt" >plain.txt
python3 - <<'PYTHON'
import json
texts = open("plain.txt", encoding="utf-8").read().splitlines()
lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
for name in ("lines.jsonl", "lines.json", "lines.txt"):
    open(name, "w").write(lines)
json.dump([{"text": text} for text in texts], open("list.json", "w"), indent=1)
json.dump([{"text": text} for text in texts], open("list.jsonl", "w"))
json.dump({"data": [{"text": text} for text in texts]}, open("object.json", "w"), indent=1)
json.dump({"data": [{"text": text} for text in texts]}, open("object.jsonl", "w"))
open("other.json", "w").write("\n".join(texts) + "\n")
json.dump({"data": json.load(open("list.json"))}, open("records.json", "w"), indent=1)
PYTHON
config() { write_config config.yaml model rome 1 "second_moments: {corpus: $1, max_documents: 300}, "; }

# All names of the same lines give the same second moments as the plain text.
for corpus in plain.txt lines.jsonl lines.json lines.txt; do
  config "$corpus"
  expect_rc 0 "$L" stats config.yaml --out "out-$corpus"
  /usr/bin/python3 - "out-$corpus" >"sums-$corpus" <<'PYTHON' || exit 77
import pathlib, sys
try:
    import h5py
except ImportError:
    sys.exit(77)
for path in sorted(pathlib.Path(sys.argv[1]).rglob("moments/m/*/layer-*.h5")):
    with h5py.File(path) as file:
        print(path.name[:9], file.attrs["num_tokens"], file.attrs["num_documents"])
PYTHON
  [ -s "sums-$corpus" ] || fail "no second moments of $corpus"
  cmp -s sums-plain.txt "sums-$corpus" || fail "$corpus: $(cat "sums-$corpus") instead of $(cat sums-plain.txt)"
done

# A renamed file is the same input: the sweep goes on.
config lines.json
expect_rc 0 "$L" sweep config.yaml --out out
mv lines.json renamed.jsonl
config renamed.jsonl
expect_rc 0 "$L" sweep config.yaml --out out

for corpus in list.json list.jsonl object.json object.jsonl other.json; do
  config "$corpus"
  expect_rc 2 "$L" plan config.yaml --strict
  expect_text "$corpus: "
done

# Records in the same disguise.
RECORDS=records.json write_config config.yaml model ft-c 1
expect_rc 2 "$L" plan config.yaml --strict
expect_text "records.json: is a JSON object over several lines, with lists under data"
