# `stats`, `plan` and the file of second moments state condition number and tokens beyond the positions; prices are those
# of the documents that are read; published files are looked into; tasks that are not there make no checkpoints.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
# Some documents of the small world joined to ones longer than its model's positions.
python3 - "$A" <<'PYTHON'
import sys
lines = open(sys.argv[1] + "/world/corpus.txt").read().split("\n")[:3000]
open("corpus.txt", "w").write("\n".join(lines[:1000]) + "\n" + "\n".join(" ".join(lines[i:i + 20]) for i in range(1000, 3000, 20)) + "\n")
PYTHON
write_config c.yaml M rome 1 "second_moments: {corpus: corpus.txt}, "
expect_rc 0 "$L" stats c.yaml --out out
expect_text "second moments of m, layer-[0-9]+: condition number [0-9.]+e\\+"
expect_text "second moments of m: [0-9]+ of [0-9]+ tokens stood beyond the model's positions"
expect_rc 0 "$L" plan c.yaml --out out
expect_text "second moments of m, layer-[0-9]+: condition number"
# Few directions more than others: digits are at stake.
python3 -c 'open("corpus.txt", "w").write("the film was good . it was good\n" * 3000 + open("corpus.txt").read())'
expect_rc 0 "$L" stats c.yaml --out out2
expect_text "condition number ([0-9.]+e\\+0[5-9]|singular), .*(parity|more tokens)"
# 300 of many documents: a tenth of the price of 3,000.
cp "$A"/world/corpus.txt corpus.txt
for documents in 300 3000; do
  write_config c.yaml M rome 1 "second_moments: {corpus: corpus.txt, max_documents: $documents}, "
  expect_rc 0 "$L" plan c.yaml
  sed -n 's/.*second moments of m, layer(s) [0-9, ]*: \([0-9]*\) s.*/\1/p' told > price-$documents
done
[ "$(cat price-300)" -le 3 ] && [ "$(cat price-3000)" -ge $((3 * $(cat price-300))) ] ||
  fail "300 documents: $(cat price-300) s, 3,000: $(cat price-3000) s"
# Published files of another type, order, shape.
npz() {
  python3 - "$1" <<'PYTHON'
import struct, sys, zipfile
def npy(dtype, shape, order, data):
    head = ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (dtype, order, shape)).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data
kind = sys.argv[1]
dtype, size, width = {"type": ("<i8", 8, 512), "shape": ("<f4", 4, 16)}.get(kind, ("<f4", 4, 512))
with zipfile.ZipFile("layer.npz", "w", zipfile.ZIP_STORED) as z:
    z.writestr("mom2.mom2.npy", npy(dtype, (width, width), kind == "order", bytes(size * width * width)))
    z.writestr("mom2.count.npy", npy("<i8", (), False, struct.pack("<q", 10000)))
PYTHON
  for layer in 0 1 2 3; do cp layer.npz layer-$layer.npz; done
}
write_config c.yaml M rome 1 "second_moments: {npz: 'layer-{layer}.npz'}, "
npz type; expect_rc 2 "$L" plan c.yaml; expect_text "layer-[0-9].npz: mom2 is stored as <i8"
npz order; expect_rc 2 "$L" plan c.yaml; expect_text "layer-[0-9].npz: array .mom2.mom2. is in Fortran order"
npz shape; expect_rc 2 "$L" plan c.yaml; expect_text "layer-[0-9].npz: mom2 is 16 x 16, expected 512 x 512"
# The default of tasks_every where there are no tasks.
write_config c.yaml M ft-c 40 && sed -i 's/_every: 1/_every: 40/' c.yaml
expect_rc 0 "$L" plan c.yaml
expect_text "^ft-c/m/sample0 +40 +1 "
expect_text "no downstream tasks"
# Orders of other records than the published ones are said to be others.
sed -i '/^dataset/s/samples: [^}]*}/samples: published}/' c.yaml
expect_rc 0 "$L" plan c.yaml
expect_text "samples: published: made of [0-9]+ records"
