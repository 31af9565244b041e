# `lethe verify` checks a sweep's folder from what is in it: not from records, corpus or the model's old place, and never nothing.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && cp "$A"/world/counterfact.json "$A"/world/samples.json . && cp "$A"/world/corpus.txt corpus.txt && chmod u+w ./*.json corpus.txt
RECORDS=counterfact.json SAMPLES=samples.json write_config c.yaml M rome 4 "second_moments: {corpus: corpus.txt, max_documents: 300}, "
expect_rc 0 "$L" sweep c.yaml --out out
expect_rc 0 "$L" verify out && expect_text '1 cells: all sound$'

# A record that no edit used is corrected; then all inputs but the model are purged; then the model moves.
python3 - <<'P'
import json
records, used = json.load(open("counterfact.json")), set(json.load(open("samples.json"))["0"][:4])
record = next(one for one in records if one["case_id"] not in used)
record["requested_rewrite"]["target_new"]["str"] += "s"
json.dump(records, open("counterfact.json", "w"))
P
expect_rc 0 "$L" verify out && expect_text '1 cells: all sound$'
rm counterfact.json samples.json corpus.txt c.yaml
expect_rc 0 "$L" verify out && expect_text '1 cells: all sound$'
expect_rc 0 "$L" export out --cell rome/m/sample0 --edits 2 --to exported
expect_rc 0 "$L" generate out --cell rome/m/sample0 --edits 2 --prompt "Tamfas"
expect_rc 0 "$L" verify --digests out && expect_text 'all files are whole'
mv M N
expect_rc 1 "$L" verify out && expect_text 'model folder of m not found; name its present place by --model'
expect_rc 0 "$L" verify --digests out
expect_rc 0 "$L" verify out --model N && expect_text '1 cells: all sound$'
expect_rc 0 "$L" export out --cell rome/m/sample0 --edits 2 --to exported2 --model N
cmp exported/model.safetensors exported2/model.safetensors || fail "another model was exported from the moved folder"
expect_rc 0 "$L" generate out --cell rome/m/sample0 --edits 2 --prompt "Tamfas" --model N
cp -r exported other
expect_rc 1 "$L" verify out --model other && expect_text 'holds other weights than those of m'
"$L" export out --cell rome/m/sample0 --edits 2 --to exported3 --model other >told 2>&1 && fail "exported over another model"
expect_text 'holds other weights than those of m'

# Every file that vanishes, whatever it is, is missed by both checks.
find out/cells out/prerequisites -type f | sort >files
while read -r file; do
  mv "$file" aside
  expect_rc 1 "$L" verify --digests out
  expect_text "$(basename "$file" | sed -E 's/-[0-9a-f]{32}.*//; s/-[0-9a-f]{12}$//; s/^(segment|distance|forgetting|snapshot|tasks|scores|texts|layer|identity).*/\1/')|segments are due|identity"
  mv aside "$file"
done <files
cp -r out none && rm -rf none/cells
expect_rc 1 "$L" verify none --model N && expect_text 'rome/m/sample0.*none is there'

# An experiment.json that no YAML could have given.
for change in 'j["cells"] = []' 'j["cells"].append(j["cells"][0])' 'j["cells"][0]["cell"] = "rome/m/sample-1"' 'j["cells"][0]["cell"] = "rome/n/sample0"'; do
  rm -rf none && cp -r out none
  python3 -c "import json; j = json.load(open('none/experiment.json')); $change; json.dump(j, open('none/experiment.json', 'w'))"
  for verb in "verify --model N" "verify --digests" report status; do
    expect_rc 1 "$L" $verb none && expect_text 'none/experiment.json: cells'
  done
done

# A sweep that was run again with fewer cells: the others' files are checked all the same, and rebuilt.
cp "$A"/world/counterfact.json "$A"/world/samples.json . && cp "$A"/world/corpus.txt .
RECORDS=counterfact.json SAMPLES=samples.json write_config c.yaml N rome 4 "second_moments: {corpus: corpus.txt, max_documents: 300}, "
sed 's/samples: \[0\]/samples: [0, 1]/' c.yaml >two.yaml
expect_rc 0 "$L" sweep two.yaml --out fewer && expect_rc 0 "$L" sweep c.yaml --out fewer
expect_rc 0 "$L" verify fewer && expect_text 'rome/m/sample1: is no cell of this experiment' && expect_text '2 cells: all sound$'
segment=$(ls fewer/cells/rome/m/sample1/*/segment-0000002-*)
printf x >>"$segment" && expect_rc 1 "$L" verify fewer && expect_text 'segment-0000002.*is damaged'

# A segment in mid-chain that such a cell has lost is missed, and results of edits behind it are named.
rm -rf fewer && expect_rc 0 "$L" sweep two.yaml --out fewer && expect_rc 0 "$L" sweep c.yaml --out fewer
rm fewer/cells/rome/m/sample1/*/segment-0000002-*
for verb in "verify" "verify --digests"; do
  expect_rc 1 "$L" $verb fewer && expect_text 'sample1.*segment-0000003.*does not continue the chain of segments, which ends with edit 1;'
  expect_text 'sample1.*forgetting-0000004.*is of edit 4, and the segments end with edit 1'
done
