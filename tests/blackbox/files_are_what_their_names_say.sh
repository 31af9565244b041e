# Another cell's segment, another layer's second moments, another cell's reduction or snapshot: each with a right digest, under the name of
# the one that is missing. `verify` names it, the sweep puts a segment aside and makes it anew, and nothing is edited with foreign moments.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
moments="second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
copy_model M
two_samples() { write_config c.yaml M "$1" 4 "$moments" && sed -i 's/samples: \[0\]/samples: [0, 1]/' c.yaml; }
# under_name OF AS: OF's bytes get AS's stem and their own digest, in AS's place.
under_name() {
  local stem digest
  stem=$(basename "$2" | sed -E 's/-[0-9a-f]{32}\.h5$//') digest=$(basename "$1" | sed -E 's/.*-([0-9a-f]{32})\.h5$/\1/')
  cp "$1" aside.h5 && rm "$2" && mv aside.h5 "$(dirname "$2")/$stem-$digest.h5"
}
for method in rome ft-c; do
  two_samples $method
  expect_rc 0 "$L" sweep c.yaml --out $method
  for kind in segment-0000002 distance-0000002 forgetting-0000002 snapshot-0000002; do
    cp -r $method forged
    ours=$(ls forged/cells/$method/m/sample0/*/$kind-* 2>/dev/null) theirs=$(ls forged/cells/$method/m/sample1/*/$kind-* 2>/dev/null)
    if [ -n "$ours" ]; then
      under_name "$theirs" "$ours"
      expect_rc 1 "$L" verify forged && expect_text "$kind.*is another file than its name and place say"
      expect_rc 1 "$L" verify --digests forged && expect_text "$kind.*is another file than its name and place say"
    fi
    rm -rf forged
  done
done
# The whole of another cell's segments, and more edits asked for.
two_samples rome && sed -i 's/^edits: 4/edits: 6/' c.yaml
cp -r rome swapped && ours=$(ls -d swapped/cells/rome/m/sample0/*/) theirs=$(ls -d swapped/cells/rome/m/sample1/*/)
rm "$ours"segment-* "$ours"distance-* "$ours"forgetting-* && cp "$theirs"segment-* "$ours"
expect_rc 1 "$L" verify swapped
expect_rc 0 "$L" sweep c.yaml --out swapped
expect_rc 0 "$L" sweep c.yaml --out sound
expect_rc 0 "$L" verify swapped && expect_rc 0 "$L" verify --same sound swapped
# Second moments of layer 1 under layer 0's name.
write_config two.yaml M memit 1 "$moments"
expect_rc 0 "$L" stats two.yaml --out moments
layers=$(ls moments/prerequisites/moments/m/*/layer-*.h5)
first=$(echo "$layers" | head -1) last=$(echo "$layers" | tail -1)
[ "$first" != "$last" ] || fail "MEMIT edits one layer only"
under_name "$last" "$first"
expect_rc 1 env LETHE_RETRY_SECONDS=0.05 "$L" sweep two.yaml --out moments && expect_text 'is another file than its name and place say: its layer is'
