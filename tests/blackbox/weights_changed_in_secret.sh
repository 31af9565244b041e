# Weights that change while size and time of modification are kept are noticed: before anything runs where the file was
# replaced, and when they are loaded where the folder's memory of digests says that nothing has changed.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model model
touch -d @1700000000 model/*
write_config config.yaml model ft-c 1
expect_rc 0 "$L" sweep config.yaml --out out
cp out/input-digests.json before.json
python3 - <<'PYTHON'
import json, struct
data = bytearray(open("model/model.safetensors", "rb").read())
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
begin = 8 + length + header[[name for name in header if name.endswith("wpe.weight")][0]]["data_offsets"][0]
data[begin:begin + 4000] = data[begin + 4000:begin + 8000]
with open("model/model.safetensors", "r+b") as file:
    file.write(data)
PYTHON
touch -d @1700000000 model/*
write_config config.yaml model ft-c 2
expect_rc 2 "$L" sweep config.yaml --out out
expect_text 'weights: [0-9a-f]{32} in the folder, [0-9a-f]{32} in the config'

# As if the disk had changed the bytes: the memory holds the old digest under the file's present stamp.
python3 - <<'PYTHON'
import json, os
memory = json.load(open("before.json"))
status = os.stat("model/model.safetensors")
entry = memory[os.path.realpath("model/model.safetensors")]
entry.update(size=status.st_size, inode=status.st_ino, modified_ns=status.st_mtime_ns, changed_ns=status.st_ctime_ns)
json.dump(memory, open("out/input-digests.json", "w"))
PYTHON
"$L" sweep config.yaml --out out >told 2>&1 </dev/null && fail "the sweep went on with other weights"
expect_text 'model.safetensors: its content is not the one that identities were made from'
[ "$(find out/cells -name 'segment-*.h5' | wc -l)" = 1 ] || fail "edits of other weights were committed"
