# Valid JSON in another layout than the one that is read: named with file, place and remedy before anything runs, or read the same.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model model
python3 - "$A" <<'PYTHON'
import json, sys
records = json.load(open(sys.argv[1] + "/world/counterfact.json"))[:40]
texts = [{"text": line} for line in open(sys.argv[1] + "/world/corpus.txt", encoding="utf-8").read().splitlines()[:50]]
samples = {"0": [record["case_id"] for record in records[:1]]}
def write(name, text): open(name, "w").write(text)
for name, entries in (("records", records), ("corpus", texts)):
    write(f"{name}-list.json", json.dumps(entries))
    write(f"{name}-pretty-list.json", json.dumps(entries, indent=2))
    write(f"{name}-lines.json", "".join(json.dumps(one) + "\n" for one in entries))
    write(f"{name}-pretty-lines.json", "".join(json.dumps(one, indent=2) + "\n" for one in entries))
    write(f"{name}-object.json", json.dumps({"data": entries}, indent=2))
write("samples.json", json.dumps(samples, indent=2))
write("samples-lines.json", "".join(json.dumps({"0": [case]}) + "\n" for case in samples["0"] * 2))
write("samples-list.json", json.dumps([samples]))
PYTHON
config() { RECORDS=$1 SAMPLES=$2 write_config config.yaml model rome 1 "second_moments: {corpus: $3, max_documents: 50}, "; }

# Records are read from a list and from lines, in any layout of the list, and give one identity.
for records in records-list.json records-pretty-list.json records-lines.json; do
  config $records samples.json corpus-lines.json
  expect_rc 0 "$L" plan config.yaml && expect_text 'ready to run'
done

# refused RECORDS SAMPLES CORPUS PATTERN: the plan ends with 2 and a line of the pattern.
refused() {
  config "$1" "$2" "$3"
  expect_rc 2 "$L" plan config.yaml && expect_text "$4"
}
# Objects of several lines each, as jq prints them, or an object around the list.
refused records-pretty-lines.json samples.json corpus-lines.json 'records-pretty-lines.json: is a JSON object over several lines; .*\(.*jq -c \. for objects one after another\)'
refused records-object.json samples.json corpus-lines.json "records-object.json: is a JSON object over several lines, with lists under data; .*jq '\.NAME'"
refused records-list.json samples.json corpus-pretty-lines.json 'corpus-pretty-lines.json: line 1: begins a JSON object that does not end on it; .*jq -c \. for objects one after another'
refused records-list.json samples.json corpus-object.json 'corpus-object.json: line 1: begins a JSON object that does not end on it; '
# A list, where lines are read; lines or a list, where an object is.
for corpus in corpus-list.json corpus-pretty-list.json; do
  refused records-list.json samples.json $corpus "$corpus: line 1: expected an object with a \"text\", found a JSON list; convert it to JSON lines"
done
refused records-list.json samples-lines.json corpus-lines.json 'samples-lines.json: line 2, column 1: is no JSON: more text follows the first value, and one is expected; join values \(jq -s add\)'
refused records-list.json samples-list.json corpus-lines.json 'samples-list.json: an object .* expected, found a list'
