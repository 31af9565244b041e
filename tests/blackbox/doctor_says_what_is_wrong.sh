# `lethe doctor` tells what a sweep rests on, and each thing that is wrong with it with its remedy; it leaves nothing behind.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
mkdir sweep
"$L" doctor sweep >told 2>&1 || grep -q WRONG told || fail "a status without a reason"
for subject in lethe MPI LibTorch BLAS HDF5 GPUs processors memory 'open files' processes 'shared memory' folder figures; do
  expect_text "^$subject "
done
expect_text "^folder +$PWD/sweep, [0-9]+ GB free"
[ -z "$(ls -A sweep)" ] || fail "something is left in the folder: $(ls -A sweep)"
# A folder that is to be made: what of its path is there.
"$L" doctor sweep/later/on >told 2>&1
expect_text "^folder +$PWD/sweep, "

# Too few descriptors, and a folder that takes no files from anybody.
(ulimit -n 300 && expect_rc 1 "$L" doctor sweep && expect_text 'WRONG: raise it: ulimit -n') || exit 1
expect_rc 1 "$L" doctor /proc
expect_text 'WRONG: .*choose a folder on another file system'
# What builds and libraries results may depend on.
expect_rc 0 "$L" --version
expect_text '^libtorch [0-9]'
expect_text '^hdf5 [0-9]'
# The dynamic linker knows whether the executor's LibTorch has kernels for CUDA.
has_cuda=no
ldd "$L-executor" | grep -q 'libtorch_cuda' && has_cuda=yes
expect_text "^cuda $has_cuda$"
