# JSON that says two things, or is of another form, is refused by `plan` with file, place and remedy; never read as one of
# the things that it may mean.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
cp "$A/world/samples.json" "$A/world/counterfact.json" "$A/world/corpus.txt" . && chmod u+w ./*
RECORDS=records.json SAMPLES=orders.json write_config c.yaml M rome 2 "second_moments: {corpus: c.txt, max_documents: 300}, "
printf 'tasks: [task.yaml]\n' >>c.yaml
sed "s|^examples: .*|examples: examples.json|" "$R/configs/tasks/small_sentiment.yaml" >task.yaml
examples=$R/configs/tasks/$(sed -n 's/^examples: //p' "$R/configs/tasks/small_sentiment.yaml")
# make CODE: sound inputs, then what CODE makes of them; write(NAME, BYTES-OR-TEXT).
make() {
  python3 - "$examples" "$1" <<'PYTHON'
import gzip, json, sys
records = json.load(open("counterfact.json"))
orders = json.load(open("samples.json"))
examples = json.load(open(sys.argv[1]))[:8]
texts = open("corpus.txt", encoding="utf-8").read().splitlines()[:300]
def write(name, content):
    open(name, "wb").write(content if isinstance(content, bytes) else content.encode())
write("records.json", json.dumps(records)); write("orders.json", json.dumps(orders))
write("examples.json", json.dumps(examples)); write("c.txt", "\n".join(texts) + "\n")
exec(sys.argv[2])
PYTHON
}
# refused CODE PATTERN: the inputs that CODE makes are rc 2, and the message is this.
refused() { make "$1"; expect_rc 2 "$L" plan c.yaml; expect_text "$2"; }

make ""; expect_rc 0 "$L" plan c.yaml
make 'write("records.json", b"\xef\xbb\xbf" + json.dumps(records).encode()); write("orders.json", b"\xef\xbb\xbf" + json.dumps(orders).encode())'
expect_rc 0 "$L" plan c.yaml
refused 'write("orders.json", json.dumps(orders)[:-1] + ", \"0\": [1, 2]}")' 'orders.json: line 1, column [0-9]+: the key "0" is there twice in one object; remove one'
refused 'write("records.json", json.dumps(records).replace("\"case_id\": 5,", "\"case_id\": 5, \"case_id\": 6,"))' 'records.json: line 1, column [0-9]+: the key "case_id" is there twice'
refused 'write("records.json", "".join(json.dumps(r).replace("\"subject\"", "\"subject\": \"x\", \"subject\"") + "\n" for r in records))' 'records.json: line 1: line 1, column [0-9]+: the key "subject" is there twice'
refused 'write("examples.json", json.dumps(examples).replace("\"label\"", "\"label\": 1, \"label\"", 1))' 'examples.json: .*the key "label" is there twice'
refused 'write("c.txt", "".join(json.dumps({"text": t})[:-1] + ", \"text\": \"x\"}\n" for t in texts))' 'c.txt: line 1: line 1, column [0-9]+: the key "text" is there twice'
refused 'write("c.txt", "".join(str({"text": t}) + "\n" for t in texts))' 'c.txt: line 1: begins as a dict that Python prints; write JSON \(json.dumps'
for file in records examples; do
  refused "write('$file.json', json.dumps({'data': $file}))" "$file.json: line 1: is a JSON object, with lists under data, and no entry.*give the list itself"
  refused "write('$file.json', json.dumps({'data': $file}, indent=1))" "$file.json: is a JSON object over several lines, with lists under data"
  refused "write('$file.json', json.dumps({str(i): r for i, r in enumerate($file)}))" "$file.json: line 1: is a JSON object of objects"
  refused "write('$file.json', json.dumps([$file]))" "$file.json: entry 0: an object expected, found a list"
  refused "write('$file.json', json.dumps($file)[:-1] + ',]')" "$file.json: line 1, column [0-9]+: is no JSON: a comma stands before the closing bracket"
  refused "write('$file.json', json.dumps([{**r, 'weight': float('nan')} for r in $file]))" "$file.json: line 1, column [0-9]+: is no JSON: NaN is no JSON; write a number or null"
  refused "write('$file.json', json.dumps($file) * 2)" "$file.json: line 1, column [0-9]+: is no JSON: more text follows the first value"
  refused "write('$file.json', str($file))" "$file.json: line 1, column [0-9]+: is no JSON: text stands in single quotes"
  refused "write('$file.json', gzip.compress(json.dumps($file).encode()))" "$file.json: is compressed; unpack it \\(gunzip\\)"
  refused "write('$file.json', json.dumps($file).encode('utf-16'))" "$file.json: is UTF-16; save it as UTF-8"
  refused "write('$file.json', json.dumps($file).encode('utf-16-le'))" "$file.json: is UTF-16; save it as UTF-8"
  refused "write('$file.json', '')" "$file.json: is empty"
  refused "write('$file.json', 'case_id,prompt\\n1,x\\n')" "$file.json: begins with \"case_id,prompt .*expected: convert it"
done
for wrong in 'json.dumps({"samples": orders})/key "samples": a sample number' '""/is empty' 'json.dumps([orders["0"]])/expected, found a list' \
  'json.dumps(orders)[:-1] + ",}"/a comma stands before the closing bracket' 'gzip.compress(b"{}")/is compressed; unpack it'; do
  refused "write('orders.json', ${wrong%%/*})" "orders.json: .*${wrong#*/}|orders.json: ${wrong#*/}"
done
make ""
sed -i '1s/{/{"n_layer": 1,/' M/config.json; expect_rc 2 "$L" plan c.yaml; expect_text 'M/config.json:[0-9]+:[0-9]+: the key "n_layer" is there twice'
