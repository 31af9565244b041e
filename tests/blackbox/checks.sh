# Sourced by every test here. R: the checkout (assets/, build/bin unless PROGRAMS names another folder), L: the program, A: the assets. The shell is
# then in a new folder, removed at the end.
R=$(readlink -f "${LETHE_ROOT:?name a checkout that holds build/bin and assets}")
L=${PROGRAMS:-$R/build/bin}/lethe
A=$R/assets
work=$(mktemp -d) && cd "$work" || exit 1
trap 'cd / && rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*"
  [ -f told ] && tail -n 40 told
  exit 1
}

# expect_rc STATUS COMMAND...: runs it, output into the file `told`.
expect_rc() {
  local expected=$1 status=0
  shift
  "$@" >told 2>&1 </dev/null || status=$?
  [ "$status" -eq "$expected" ] || fail "exit status $status instead of $expected: $*"
}

# expect_text PATTERN: an extended regular expression that a line of `told` matches.
expect_text() { grep -Eq -- "$1" told || fail "no line matches: $1"; }

# copy_model FOLDER: small-gpt2, without the editor that lies beside it.
copy_model() {
  mkdir "$1" && cp "$A"/small-gpt2/*.json "$A"/small-gpt2/merges.txt "$A"/small-gpt2/model.safetensors "$1" && chmod -R u+w "$1"
}

# write_config FILE MODEL METHOD EDITS [MODEL-KEYS]: one cell over the small world; MODEL-KEYS such as "second_moments: {...}, ".
write_config() {
  cat >"$1" <<CONFIG
name: blackbox
device: cpu
threads: 1
seed: 37
dataset: {format: counterfact, records: ${RECORDS:-$A/world/counterfact.json}, samples: ${SAMPLES:-$A/world/samples.json}}
models:
  m: {path: $2, ${5:-}methods: {$3: $R/configs/methods/$3/small-gpt2.yaml}}
grid: {methods: [$3], samples: [0]}
edits: $4
checkpoint_every: 1
forgetting_every: 1
CONFIG
}

# write_record PROMPT PARAPHRASE: records.json and samples.json of one fact, which write_config takes from here on. The texts are JSON's.
write_record() {
  printf '[{"case_id": 0, "requested_rewrite": {"prompt": "%s", "subject": "Tamfas", "target_new": {"str": "agate"},
  "target_true": {"str": "quartz"}}, "paraphrase_prompts": ["%s"], "neighborhood_prompts": ["Melvox deals in"]}]\n' "$1" "$2" >records.json
  echo '{"0": [0]}' >samples.json
  RECORDS=records.json SAMPLES=samples.json
}

# needs_h5py: leaves the test out where no Python can forge an HDF5 file.
needs_h5py() {
  python=python3
  $python -c 'import h5py, numpy' 2>/dev/null || python=/usr/bin/python3
  $python -c 'import h5py, numpy' 2>/dev/null || exit 77
}

# forge FILE STATEMENT: changes the opened file `f`, and names it by its new digest, which `verify` of the folder `forged` tells.
forge() {
  $python -c 'import sys, h5py, numpy as np
with h5py.File(sys.argv[1], "r+") as f: exec(sys.argv[2])' "$1" "$2" || fail "cannot forge"
  "$L" verify forged >told 2>&1
  local digest
  digest=$(grep -Eo 'bytes give the digest [0-9a-f]{32}' told | head -1 | grep -Eo '[0-9a-f]{32}') || fail "no new digest was told"
  mv "$1" "$(echo "$1" | sed -E "s/[0-9a-f]{32}\\.h5$/$digest.h5/")"
}
