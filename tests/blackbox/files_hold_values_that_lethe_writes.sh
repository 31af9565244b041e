# Second moments that are not finite, not symmetric or of another width, and factors of another shape: told with the file, without a stack trace.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
needs_h5py
copy_model M
write_config c.yaml M rome 2 "second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
expect_rc 0 "$L" sweep c.yaml --out sound
# moments_are_refused STATEMENT PATTERN
moments_are_refused() {
  rm -rf forged && cp -r sound forged && rm -rf forged/cells
  forge "$(ls forged/prerequisites/moments/m/*/layer-*.h5)" "$1"
  expect_rc 1 "$L" verify forged && expect_text "layer-000-.*$2"
  "$L" cell c.yaml --cell rome/m/sample0 --out forged >told 2>&1 && fail "edited with forged second moments"
  expect_text "layer-000-.*$2"
  grep -q 'frame #' told && fail "a stack trace"
  return 0
}
moments_are_refused 'f["second_moment"][3, 4] = np.nan' 'entry [0-9]+ is nan'
moments_are_refused 'f["second_moment"][3, 4] = 1e3' 'is not symmetric'
rm -rf forged && cp -r sound forged && rm -rf forged/cells
forge "$(ls forged/prerequisites/moments/m/*/layer-*.h5)" 'm = f["second_moment"][:8, :8]; del f["second_moment"]; f.create_dataset("second_moment", data=m)'
"$L" cell c.yaml --cell rome/m/sample0 --out forged >told 2>&1 && fail "edited with second moments of another width"
expect_text 'layer-000-.*is a matrix of width 8'
grep -q 'frame #' told && fail "a stack trace"
rm -rf forged && cp -r sound forged
forge "$(ls forged/cells/rome/m/sample0/*/segment-0000001-*)" \
  'g = f["deltas"][next(iter(f["deltas"]))]; v = g["left"][:, :5]; del g["left"]; g.create_dataset("left", data=v)'
expect_rc 1 "$L" verify forged && expect_text 'segment-0000001-.*edit 1: update of .* do not fit the weight'
