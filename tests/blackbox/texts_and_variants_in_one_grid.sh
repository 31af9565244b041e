# Two settings of a method stand in one grid, with texts that both models write: what is told of them is what the models say.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
needs_h5py
copy_model M
write_config c.yaml "$PWD/M" ft-c 4
settings=$R/configs/methods/ft-c/small-gpt2.yaml
sed -i "s#methods: {ft-c: [^}]*}#methods: {ft-c: $settings, ft-c-same: {method: ft-c, config: $settings}, ft-c-bold: {method: ft-c, config: $settings, linf_bound: 0.05}}#
  s#methods: \[ft-c\]#methods: [ft-c, ft-c-same, ft-c-bold]#; s/checkpoint_every: 1/checkpoint_every: 2/" c.yaml
printf 'texts_every: 2\ntexts_facts: 2\ntexts_tokens: 24\n' >>c.yaml

# Interrupted in the texts, and gone on with.
LETHE_FAULT=reduce.measure:kill:4 LETHE_RETRY_SECONDS=0.05 "$L" sweep c.yaml --out out >told 2>&1 </dev/null
grep -q "strikes" told out/logs/* || fail "the fault did not strike"
expect_rc 0 "$L" sweep c.yaml --out out
expect_rc 0 "$L" sweep c.yaml --out undisturbed
expect_rc 0 "$L" verify --same out undisturbed
expect_rc 0 "$L" verify out

# Equal settings have equal edits under another label, other ones other edits.
weights() { $python -c 'import sys, h5py, glob
for name in sorted(glob.glob(f"out/cells/{sys.argv[1]}/m/sample0/*/segment-*")):
  with h5py.File(name) as f: print(f["state/fingerprint_after/digest"][:], f["metrics/nll_new"][:].tolist())' "$1"; }
weights ft-c >a && weights ft-c-same >b && weights ft-c-bold >c && [ -s a ] || fail "no weights were read"
cmp -s a b || fail "equal settings under two labels differ"
! cmp -s a c || fail "other settings have the same edits"

# The greedy text of a file is what `generate` says of that model, the unedited one's too.
text() { $python -c 'import sys, h5py, glob
with h5py.File(glob.glob(f"out/cells/ft-c-bold/m/sample0/*/texts-000000{sys.argv[1]}-*")[0]) as f:
  t = f["texts"]; size = t["prompt_num_bytes"][0]
  prompt = t["prompt"][0][:size].decode(); body = t[sys.argv[2] + "/greedy"]
  print(prompt); print(body["ids/offsets"][1]); print(prompt + body["text"][0].decode())' "$1" "$2"; }
for which in "4 edited 4" "2 edited 2" "4 unedited 0"; do
  set -- $which
  text "$1" "$2" >stored || fail "no texts after $1 edits"
  expect_rc 0 "$L" generate out --cell ft-c-bold/m/sample0 --edits "$3" --prompt "$(sed -n 1p stored)" --tokens "$(sed -n 2p stored)"
  said=$(tail -n 1 told)
  case "$(sed -n '3,$p' stored)" in "$said"*) ;; *) fail "$which: stored '$(cat stored)', said '$said'" ;; esac
done

expect_rc 0 "$L" report out --no-figures
grep -q '^ft-c-bold/m/sample0,ft-c-bold,m,0,fluency.sampled,4,[0-9]' out/report/curves.csv || fail "no fluency of the variant"
grep -q '^\*\*ft-c-bold/m/sample0\*\*' out/report/summary.md || fail "no texts of the variant"

# Consistency is a plain TF-IDF cosine of the stored texts and made-up references; without them the report is as it was.
cp -r out/report as-it-was
mkdir references && $python - "$A/world/counterfact.json" >expected <<'PYTHON' || fail "no expectation"
import collections, glob, json, math, re, sys, unicodedata, h5py, numpy
with h5py.File(glob.glob("out/cells/ft-c-bold/m/sample0/*/texts-0000004-*")[0]) as f:
    t = f["texts"]
    cases = t["case_id"][:].tolist()
    prompts = [row[:size].decode() for row, size in zip(t["prompt"][:], t["prompt_num_bytes"][:])]
    bodies = [body.decode() for body in t["edited/sampled"]["text"][:]]
rewrites = {r["case_id"]: r["requested_rewrite"] for r in json.load(open(sys.argv[1]))}
entries = [{"relation_id": rewrites[case]["relation_id"], "target_id": rewrites[case]["target_new"]["id"],
            "samples": [{"text": f"{rewrites[case]['target_new']['str']} wears"}, {"text": prompts[cases.index(case)]}]}
           for case in dict.fromkeys(cases)]
tokens = lambda text: re.findall(r"(?u)\b\w\w+\b", text.lower())
words = sorted({w for e in entries for s in e["samples"] for w in tokens(s["text"])})
vocabulary, idf = {w: i for i, w in enumerate(words)}, numpy.linspace(1.0, 3.0, len(words))
json.dump(entries, open("references/attribute_snippets.json", "w"))
json.dump(vocabulary, open("references/tfidf_vocab.json", "w"))
numpy.save("references/idf.npy", idf)
def weights(text):
    return {w: n * idf[vocabulary[w]] for w, n in collections.Counter(tokens(text)).items() if w in vocabulary}
def cosine(a, b):
    norms = math.sqrt(sum(x * x for x in a.values()) * sum(x * x for x in b.values()))
    return sum(x * b.get(w, 0.0) for w, x in a.items()) / norms if norms else 0.0
scores = []
for case in dict.fromkeys(cases):
    key = (rewrites[case]["relation_id"], rewrites[case]["target_new"]["id"])
    texts = [unicodedata.normalize("NFKD", p + b) for c, p, b in zip(cases, prompts, bodies) if c == case]
    reference = [s["text"] for e in entries if (e["relation_id"], e["target_id"]) == key for s in e["samples"]]
    scores.append(cosine(weights(" ".join(texts)), weights(" ".join(reference))))
print(100 * sum(scores) / len(scores))
PYTHON
expect_rc 0 "$L" report out --no-figures --references references
expect_text 'consistency: of 2 facts with texts 2 have references in '
grep '^ft-c-bold/m/sample0,.*,consistency.sampled,4,' out/report/curves.csv | cut -d, -f7 >derived
$python -c 'a, b = float(open("expected").read()), float(open("derived").read())
assert a > 1 and abs(a - b) < 1e-9 * a, (a, b)' || fail "consistency is not the plain cosine"
expect_rc 0 "$L" report out --no-figures
for name in as-it-was/*.csv as-it-was/summary.md as-it-was/index.html; do
  cmp -s "$name" "out/report/${name#*/}" || fail "$name is another without references"
done
printf '[{"relation_id": 7}]' >references/attribute_snippets.json
expect_rc 1 "$L" report out --references references && expect_text 'attribute_snippets.json: entry 0, key "relation_id": a string expected, found 7'
expect_rc 2 "$L" report out --references nowhere

# What cannot be written is told before anything runs; what another run asked for is not taken for this one's.
sed 's/texts_tokens: 24/texts_tokens: 100000/' c.yaml >long.yaml
expect_rc 2 "$L" plan long.yaml --out long && expect_text 'generation prompt .*texts_tokens: 100000'
sed 's/texts_facts: 2/texts_facts: 1/' c.yaml >fewer.yaml
expect_rc 0 "$L" plan fewer.yaml --out out && expect_text 'texts at 6 checkpoint'
