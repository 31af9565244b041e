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

# What cannot be written is told before anything runs; what another run asked for is not taken for this one's.
sed 's/texts_tokens: 24/texts_tokens: 100000/' c.yaml >long.yaml
expect_rc 2 "$L" plan long.yaml --out long && expect_text 'generation prompt .*texts_tokens: 100000'
sed 's/texts_facts: 2/texts_facts: 1/' c.yaml >fewer.yaml
expect_rc 0 "$L" plan fewer.yaml --out out && expect_text 'texts at 6 checkpoint'
