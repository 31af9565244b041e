# Weight files of kilobytes that describe gigabytes, and a header of 99 MB, are refused in little memory.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
refused() {
  expect_rc 1 bash -c "ulimit -v 3500000; exec timeout 120 '$L' generate --model M --prompt a --tokens 1"
  expect_text "M/$1"
}
copy_model M; rm M/model.safetensors
archive() {
  python3 - "$1" <<'PYTHON'
import struct, sys, zipfile
text = lambda s: b"X" + struct.pack("<I", len(s)) + s
glob = lambda m, n: b"c" + m + b"\n" + n + b"\n"
storage = b"(" + text(b"storage") + glob(b"torch", b"FloatStorage") + text(b"0") + text(b"cpu") + b"K\x01tQ"
tensor = glob(b"torch._utils", b"_rebuild_tensor_v2") + b"(" + storage + b"K\x00(K\x01t(K\x01t\x89" + glob(b"collections", b"OrderedDict") + b")Rt" + b"R"
if sys.argv[1] == "ways":  # one tensor at the end of a million long ways
    value = tensor + b"q\x00"
    for level in range(1, 20):
        inner = b"h" + bytes([level - 1])
        value += b"0}q" + bytes([level]) + b"(" + text(b"a" * 190) + inner + text(b"b" * 190) + inner + b"u"
else:  # the same long list as the size of thousands of tensors
    value = b"](" + b"K\x01" * 50_000 + b"eq\x01](" + (glob(b"torch", b"Size") + b"h\x01\x85R") * 8_000 + b"e"
with zipfile.ZipFile("M/pytorch_model.bin", "w", zipfile.ZIP_STORED) as z:
    z.writestr("archive/data.pkl", b"\x80\x02" + value + b".")
    z.writestr("archive/data/0", bytes(4))
PYTHON
}
archive ways; refused "pytorch_model.bin: holds too many tensors"
archive sizes; refused "pytorch_model.bin: archive/data.pkl, byte [0-9]+: a call with 50000 arguments"
rm M/pytorch_model.bin
python3 - <<'PYTHON'
import struct
t = b'{"w":{"x":[0' + b",0" * 49_000_000 + b"]}}"
open("M/model.safetensors", "wb").write(struct.pack("<Q", len(t)) + t)
PYTHON
refused "model.safetensors: not a valid safetensors file: tensor .w. lacks a dtype"
