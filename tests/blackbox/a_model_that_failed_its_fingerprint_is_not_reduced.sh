# Factors changed in a segment, its digest and name right: it replays to another model than the one that was edited.
# Nothing is measured on that model, however often it is tried and wherever the segment is.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
needs_h5py
copy_model M
write_config c.yaml M rome 3 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
expect_rc 0 "$L" sweep c.yaml --out sound
files() { ls "$1"/cells/rome/m/sample0/*/$2 2>/dev/null; }
# try FORGED REMOVED: the segment FORGED is changed, the files REMOVED are to be made again.
try() {
  rm -rf forged && cp -r sound forged
  rm $(files forged "$2")
  forge "$(files forged "segment-000000$1-*")" 'd = f["deltas"][next(iter(f["deltas"]))]["left"]; d[...] = 3 * d[...]'
  for attempt in 1 2; do
    if LETHE_RETRY_SECONDS=0.05 "$L" sweep c.yaml --out forged --ranks 1 >told 2>&1; then
      expect_rc 0 "$L" verify --same sound forged  # edited again
    else
      expect_text "segment-000000$1-.*fingerprint"
      [ -z "$(files forged "$2")" ] || fail "segment $1, attempt $attempt: measured on a model that is not the edited one"
    fi
  done
}
try 3 'distance-0000003-*'
try 3 'forgetting-0000003-*'
try 2 '[df]*-000000[23]-*'
try 1 '[df]*-0000003-*'
