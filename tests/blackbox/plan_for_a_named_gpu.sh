# A config for GPUs is planned for a named kind of them from a machine, and by a LibTorch, without any: what fits, what to set where it does
# not, and how long it takes there. GPT-J's shape is known by its name; no weights are here, which the plan says besides.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 2
expect_rc 2 "$L" plan c.yaml --gpu h100 && expect_text '--gpu h100: .*c.yaml says device: cpu'
sed -i 's/^device: cpu/device: cuda/' c.yaml
for gpu in v100-32 a100-80 l40s h200; do expect_rc 0 "$L" plan c.yaml --gpu $gpu && expect_text "^on $gpu: .* in fp32 without TF32" && expect_text '^ready to run'; done
expect_text '^  floor: .* on 1 executor'
expect_rc 2 "$L" plan c.yaml --gpu a100-8 && expect_text 'a100-8: is not known; did you mean "a100-80"\?.*rtx4090.*v100-32'
sed -i 's/^device: cuda/device: cuda\nexecutors_per_gpu: 64/' c.yaml
expect_rc 2 "$L" plan c.yaml --gpu v100-16 && expect_text 'executors_per_gpu: 64 times .* is more than the 16.0 GB of one v100-16: set executors_per_gpu: [0-9]+$'
fits=$(grep -Eo 'set executors_per_gpu: [0-9]+$' told | grep -Eo '[0-9]+$')
sed -i "s/^executors_per_gpu: 64/executors_per_gpu: $fits/" c.yaml
expect_rc 0 "$L" plan c.yaml --gpu v100-16 && expect_text "^  $fits executor\\(s\\) fit on one"
expect_rc 0 "$L" plan c.yaml --gpu v100-16 --resources && expect_text '^device=cuda'

# Its remedies are true: what they ask for fits.
mkdir models && sed -e "s/  m: {path: M, /  gpt-j-6b: {path: models\\/gpt-j-6b, /" -e "s/small-gpt2.yaml/gpt-j-6b.yaml/" -e '/^executors/d' c.yaml >j.yaml
expect_rc 2 "$L" plan j.yaml --gpu a100-40 && expect_text 'reducer of gpt-j-6b takes 4[0-9].. GB of a GPU.s memory, and one a100-40 has 40.0 GB'
expect_text 'worker ft-c'
expect_rc 2 "$L" plan j.yaml --gpu a100-80
! grep -q 'takes .* of a GPU' told || fail "GPT-J's reducer fits on 80 GB"
expect_rc 2 "$L" plan j.yaml --gpu a100-40 --resources && expect_text 'reducer of gpt-j-6b takes'
