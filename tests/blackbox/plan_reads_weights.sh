# `plan` says of a model folder what loading it would say: each fault is rc 2 and names the file and the cause.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
write_config c.yaml M ft-c 1
pointer() { printf 'version https://git-lfs.github.com/spec/v1\noid sha256:248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707\nsize 5789392\n'; }
# refused TEXT: the folder M is refused, and the message says so.
refused() {
  expect_rc 2 timeout 60 "$L" plan c.yaml
  expect_text "NOT READY"
  expect_text "M/$1"
  rm -rf M
}
# header CODE: changes the header h of M's weights, and what stands behind it (b), by Python.
header() {
  python3 - "$1" <<'PYTHON'
import json, struct, sys
path = "M/model.safetensors"
raw = open(path, "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
h, b = json.loads(raw[8:8 + n]), bytearray(raw[8 + n:])
scope = {"h": h, "b": b, "text": None, "json": json}
exec(sys.argv[1], scope)
t = (scope["text"] or json.dumps(scope["h"])).encode()
open(path, "wb").write(struct.pack("<Q", len(t)) + t + scope["b"])
PYTHON
}
# pickled OPCODES: M's weights are a checkpoint of that pickle instead.
pickled() {
  rm M/model.safetensors
  python3 - "$1" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile("M/pytorch_model.bin", "w", zipfile.ZIP_STORED) as z:
    z.writestr("archive/data.pkl", b"\x80\x02" + eval(sys.argv[1]) + b".")
PYTHON
}

copy_model M; pointer > M/model.safetensors; refused "model.safetensors: is a Git LFS pointer.*git lfs pull"
copy_model M; printf '# xet version 0\nfilesize = 5\nhash = "a"\n' > M/model.safetensors; refused "model.safetensors: is a Xet pointer"
copy_model M; printf '/annex/objects/SHA256E-s100--abc.safetensors\n' > M/model.safetensors; refused "model.safetensors: is a git-annex pointer.*git annex get"
copy_model M; pointer > M/config.json; refused "config.json: is a Git LFS pointer"
copy_model M; pointer > M/vocab.json; refused "vocab.json: is a Git LFS pointer"
copy_model M; rm M/model.safetensors; pointer > M/pytorch_model.bin; refused "pytorch_model.bin: is a Git LFS pointer"
copy_model M; rm M/model.safetensors; pointer > M/model.safetensors.index.json; refused "model.safetensors.index.json: is a Git LFS pointer"
copy_model M; truncate -s 3000000 M/model.safetensors; refused "model.safetensors: not a valid safetensors file"
copy_model M; mv M/model.safetensors M/one; echo '{"weight_map": {"a": "one.safetensors"}}' > M/model.safetensors.index.json
mv M/one M/one.safetensors; truncate -s 100 M/one.safetensors; refused "one.safetensors: not a valid safetensors file"
# sharded CODE: M's weights in two shards, whose tensors a and b and index (t) Python changes before they are written.
sharded() {
  python3 - "$1" <<'PYTHON'
import json, os, struct, sys
raw = open("M/model.safetensors", "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
h, d = json.loads(raw[8:8 + n]), raw[8 + n:]
names = sorted(k for k in h if k != "__metadata__")
take = lambda some: {k: (h[k], d[slice(*h[k]["data_offsets"])]) for k in some}
a, b = take(names[:9]), take(names[9:])
t = {**dict.fromkeys(a, "a.safetensors"), **dict.fromkeys(b, "b.safetensors")}
moved = names[9]
exec(sys.argv[1])
for name, part in (("a", a), ("b", b)):
    header, body = {}, b""
    for k, (entry, content) in part.items():
        header[k] = {**entry, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(header).encode()
    open(f"M/{name}.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + body)
json.dump({"weight_map": t}, open("M/model.safetensors.index.json", "w"))
os.remove("M/model.safetensors")
PYTHON
}
copy_model M; sharded "a[moved] = (b[moved][0], bytes(len(b[moved][1])))"; refused "a.safetensors: holds .*, which model.safetensors.index.json places in b.safetensors"
copy_model M; sharded "t[moved] = 'a.safetensors'"; refused "model.safetensors.index.json: places .* in a.safetensors, which does not hold it"
copy_model M; sharded "t['extra'] = 'a.safetensors'"; refused "model.safetensors.index.json: places .extra. in a.safetensors, which does not hold it"
copy_model M; header "k = 'transformer.wte.weight'; e = len(b); o = h[k]['data_offsets']; h['wte.weight'] = {**h[k], 'data_offsets': [e, e + o[1] - o[0]]}; b += b'\\1' * (o[1] - o[0])"
refused "model.safetensors: holds .transformer.wte.weight., and model.safetensors holds .wte.weight."
copy_model M; header "b[:] = bytes(len(b))"; refused "model.safetensors: .* holds zeros alone"
# zeros NAME...: the parameters whose names end so hold zeros.
zeros() { header "for k, v in h.items():
  if k.endswith(tuple('$*'.split())): o = v['data_offsets']; b[o[0]:o[1]] = bytes(o[1] - o[0])"; }
copy_model M; zeros h.1.attn.c_attn.weight; refused "model.safetensors: .*h.1.attn.c_attn.weight. holds zeros alone"
copy_model M; sed -i 's/"vocab_size": 1869/"vocab_size": 1920/' M/config.json; refused "model.safetensors: .*wte.weight.*stored with the shape"
copy_model M; sed -i 's/"n_layer": [0-9]*/"n_layer": 1/' M/config.json; refused "model.safetensors: holds .*but config.json has only 1 layers"
for prefix in _orig_mod. module. model. module._orig_mod.; do
  copy_model M; header "h = {('$prefix' + k if k != '__metadata__' else k): v for k, v in h.items()}"
  refused "model.safetensors: the weights lack .*they hold .${prefix}.*a wrapper's prefix"
done
copy_model M; header "k = [k for k in h if k.endswith('ln_f.bias')][0]; h[k]['data_offsets'][0]; o = h[k]['data_offsets'][0]; b[o:o + 4] = b'\\0\\0\\xc0\\x7f'"
refused "model.safetensors: .*ln_f.bias. holds a number that is not finite"
copy_model M; header "k = sorted(k for k in h if k != '__metadata__')[0]; text = json.dumps(h)[:-1] + ', ' + json.dumps(k) + ': ' + json.dumps(h[k]) + '}'"
refused "model.safetensors: .*is there twice"
copy_model M; sed -i 's/"layer_norm_epsilon": [0-9.e-]*/"layer_norm_epsilon": null/' M/config.json; refused "config.json: .layer_norm_epsilon. must be a number greater than 0 and at most 1.*, not null"
for wrong in -1 0 1e9; do
  copy_model M; sed -i "s/\"layer_norm_epsilon\": [0-9.e-]*/\"layer_norm_epsilon\": $wrong/" M/config.json; refused "config.json: .layer_norm_epsilon. must be a number greater than 0 and at most 1"
done
for wrong in '"quantization_config": {"load_in_4bit": true}' '"pruned_heads": {"1": [0]}'; do
  copy_model M; sed -i "1s/{/{$wrong,/" M/config.json; refused "config.json: .$(cut -d'"' -f2 <<< "$wrong")."
done
copy_model M; sed -i 's/"n_inner": null/"n_inner": -512/' M/config.json; refused "config.json: .n_inner. must be a positive integer of at most"
copy_model M; : > M/config.json; refused "config.json: is empty"
copy_model M; rm M/model.safetensors; mkfifo M/model.safetensors; refused "model.safetensors: is a pipe"
copy_model M; pickled 'b"ctransformers.models.gpt2.modeling_gpt2\nGPT2LMHeadModel\n)\x81"'
refused "pytorch_model.bin: .*GPT2LMHeadModel.*could run code"
copy_model M; rm M/model.safetensors; printf '\200\002}q\001.' > M/pytorch_model.bin; refused "pytorch_model.bin: no zip archive"

# A tensor that nothing needs may be of a type that lethe does not know.
copy_model M
header "e = max(v['data_offsets'][1] for k, v in h.items() if k != '__metadata__'); h['extra.scale'] = {'dtype': 'F8_E4M3', 'shape': [4], 'data_offsets': [e, e + 4]}; b += bytes(4)"
expect_rc 0 "$L" plan c.yaml
expect_rc 0 "$L" sweep c.yaml --out out
# A block that begins as the identity.
rm -rf M; copy_model M; zeros h.1.attn.c_proj.weight h.1.mlp.c_proj.weight; expect_rc 0 "$L" plan c.yaml
rm -rf M; copy_model M; sharded ""; expect_rc 0 "$L" plan c.yaml
