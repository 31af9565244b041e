# A config for GPUs is planned for those that nvidia-smi lists here, as for one that is named: what fits, what to set where it does not. A kind
# that is not known is fitted by its memory, what hangs or writes nonsense is said and delays nothing for long, and nothing is asked twice.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
unset CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER
mkdir bin && export PATH=$work/bin:$PATH
# here LINE...: the machine has these GPUs. A line: MEMORY-IN-MIB MIG-MODE NAME
here() {
  local line number=0
  rm -f asked
  {
    printf '#!/bin/sh\necho "$1" >>%s/asked\ncase $1 in -L) cat %s/slices; exit ;; esac\n' "$work" "$work"
    for line in "$@"; do
      echo "echo '$number, GPU-$number, ${line%% *}, ${line%% *}, 535.161.08, $(cut -d' ' -f2 <<<"$line"), $(cut -d' ' -f3- <<<"$line")'"
      number=$((number + 1))
    done
  } >bin/nvidia-smi
  chmod +x bin/nvidia-smi
}
asked() { [ "$(wc -l <asked)" -eq "$1" ] || fail "nvidia-smi was asked $(wc -l <asked) times"; }
# As if its LibTorch could use what is here: what is planned does not depend on it, whether it is ready does.
real=$L-executor
printf '#!/bin/sh\n[ "$1" != inspect ] || set -- "$@" --elsewhere\nexec %s "$@"\n' "$real" >executor && chmod +x executor

copy_model M && write_config c.yaml M ft-c 2
here '81920 Disabled NVIDIA A100-SXM4-80GB' '81920 Disabled NVIDIA A100-SXM4-80GB'
expect_rc 0 "$L" plan c.yaml
! grep -q 'A100\|a100' told && [ ! -e asked ] || fail "a plan for processors looks at GPUs"
sed -i 's/^device: cpu/device: cuda/' c.yaml
"$L" --version | grep -q '^cuda yes' || { expect_rc 2 "$L" plan c.yaml && expect_text 'LibTorch was built without CUDA' && expect_text '^on a100-80: '; }

# Known: as if it were named.
export LETHE_EXECUTOR=$work/executor
expect_rc 0 "$L" plan c.yaml --gpu a100-80 && sed '/^on a100/,$d' told >named
rm -f asked
expect_rc 0 "$L" plan c.yaml && asked 1
expect_text '^on a100-80: 80.0 GB of memory, 19.5 TFLOP/s in fp32 without TF32'
expect_text 'found on this machine: 2 x NVIDIA A100-SXM4-80GB$' && expect_text '--gpu NAME plans for another kind .*, --gpu a100-80 for this one from any machine' && expect_text '^ready to run'
sed '/^on a100/,$d' told | diff named - || fail "found and named are priced apart"
# Whoever names one, and whoever writes a batch script, is not told of what is here.
rm -f asked
expect_rc 0 "$L" plan c.yaml --gpu v100-32 && expect_rc 0 "$L" plan c.yaml --resources
[ ! -e asked ] && ! grep -q a100 told || fail "this machine's GPUs are looked at"

# What does not fit, and what to set: which then fits.
here '24564 [N/A] NVIDIA GeForce RTX 4090' '81920 Disabled NVIDIA A100 80GB PCIe'
sed 's/^device: cuda/device: cuda\nexecutors_per_gpu: 64/' c.yaml >many.yaml
expect_rc 2 "$L" plan many.yaml && expect_text 'executors_per_gpu: 64 times .* is more than the 24.0 GB of one rtx4090: set executors_per_gpu: [0-9]+$'
expect_text 'found on this machine: 1 x NVIDIA A100 80GB PCIe, 1 x NVIDIA GeForce RTX 4090$' && expect_text 'of several kinds the smallest memory decides'
fits=$(grep -Eo 'set executors_per_gpu: [0-9]+$' told | grep -Eo '[0-9]+$')
sed -i "s/^executors_per_gpu: 64/executors_per_gpu: $fits/" many.yaml
expect_rc 0 "$L" plan many.yaml && expect_text "^  $fits executor\\(s\\) fit on one"
CUDA_VISIBLE_DEVICES=GPU-1 expect_rc 0 "$L" plan many.yaml && expect_text '^on a100-80: '
CUDA_VISIBLE_DEVICES= expect_rc 0 "$L" plan many.yaml && ! grep -q '^on ' told || fail "hidden GPUs are planned for"

# A kind that is not in the table: its memory is sure, its time is not. The worker of a large model does not fit.
here '15360 [N/A] Tesla T4'
expect_rc 0 "$L" plan c.yaml && expect_text '^on Tesla T4: 16.1 GB of memory as reported; its speed is not known' && expect_text 'not priced for Tesla T4'
! grep -q '^  floor' told || fail "a floor of a speed that nobody knows"
mkdir models && sed -e "s/  m: {path: M, /  gpt-j-6b: {path: models\\/gpt-j-6b, /" -e "s/small-gpt2.yaml/gpt-j-6b.yaml/" c.yaml >j.yaml
expect_rc 2 "$L" plan j.yaml && expect_text 'worker ft-c of gpt-j-6b takes .*, and one Tesla T4 has 16.1 GB: set '

# A slice is not the whole card: GPT-J fits on 80 GB and not on a seventh of it.
here '81920 Enabled NVIDIA A100-SXM4-80GB'
printf '%s\n' 'GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-0)' '  MIG 1g.10gb     Device  0: (UUID: MIG-a)' '  MIG 1g.10gb     Device  1: (UUID: MIG-b)' >slices
expect_rc 2 "$L" plan j.yaml && asked 2
expect_text '^on NVIDIA A100-SXM4-80GB MIG 1g.10gb: 10.0 GB' && expect_text 'found on this machine: 2 x ' && expect_text 'one NVIDIA A100-SXM4-80GB MIG 1g.10gb has 10.0 GB'
! grep -q '^on a100' told || fail "a slice is taken for its card"

# What is no answer is said, changes no status, and holds nobody up.
unfit='what fits on the GPUs of this machine is not known: nvidia-smi'
printf '#!/bin/sh\necho why; exit 9\n' >bin/nvidia-smi
expect_rc 0 "$L" plan c.yaml && expect_text "$unfit failed: why; --gpu NAME plans for a kind of GPU"
printf '#!/bin/sh\nhead -c 5000 /dev/urandom\n' >bin/nvidia-smi
expect_rc 0 "$L" plan c.yaml && expect_text "$unfit wrote no list of GPUs"
printf '#!/bin/sh\ntrap "" TERM INT\nexec sleep 300\n' >bin/nvidia-smi
timeout 120 "$L" doctor >doctored 2>&1 & doctor=$!
expect_rc 0 timeout 120 "$L" plan c.yaml && expect_text "$unfit gave no answer within 20 s"
expect_rc 75 timeout --preserve-status -s INT 3 "$L" plan c.yaml && expect_text 'stopped by SIGINT'
wait $doctor && fail "doctor finds nothing wrong with an nvidia-smi that hangs"
grep -q 'WRONG: nvidia-smi gave no answer within 20 s' doctored || fail "$(cat doctored)"
