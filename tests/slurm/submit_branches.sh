# Every branch of slurm/submit, on mock_slurm.sh; sourced by branches.sh.
# shellcheck shell=bash

# submit OPTION...: slurm/submit; sets rc, log (its output).
submit() {
  env "PATH=$dir/bin:$PATH" "LETHE=$dir/bin/lethe" "$source/slurm/submit" "$@" &>"$dir/log"
  rc=$?
}
touch "$dir/config.yaml"
c=$dir/config.yaml
begin "submit asks for processors and memory"
submit "$c" --nodes 2 --time 4:00:00 --partition gpu --account me -- --exclusive
holds '((rc == 0)) && called "--nodes=2 --ntasks-per-node=4 --cpus-per-task=2 --mem=4000M --partition=gpu --account=me --exclusive --time=4:00:00"'
holds 'says "ending: scancel 101" && says "folder: $dir/out"'
begin "submit hands on what sites ask for, also behind an equals sign"
submit --nodes=2 --qos long --constraint='a100|h100' --reservation=mine --time=1-00:00:00 "$c" --out="$dir/my=out"
holds '((rc == 0)) && called "--qos=long --constraint=a100|h100 --reservation=mine --time=1-00:00:00" && called "--nodes=2 "'
holds 'called "plan $c --out $dir/my=out --resources"'
begin "submit with as many ranks as were asked for"
submit "$c" --ranks-per-node 5 --launcher srun
holds '((rc == 0)) && called "--ntasks-per-node=5 --cpus-per-task=2 --mem=5000M" && called LETHE_LAUNCHER=srun'
begin "submit where the environment is kept from jobs"
SBATCH_EXPORT=NONE submit "$c"
holds '((rc == 2)) && says "SBATCH_EXPORT=NONE keeps LETHE'"'"'s settings from the job: unset it" && ! called sbatch'
begin "submit where sbatch refuses"
echo 100 >"$dir/most_jobs"
submit "$c"
holds '((rc == 2)) && says QOSMaxSubmitJobPerUserLimit && says "sbatch refused it (its reason is above)" && ! says scancel'
begin "submit where sbatch refuses a later job of a chain"
echo 102 >"$dir/most_jobs"
submit "$c" --chain 4
holds '((rc == 2)) && says "sbatch refused it" && says "the jobs before it are in the queue: scancel 101 102" && ! says "folder:"'
begin "submit explains itself"
submit --help
holds '((rc == 0)) && says "--chain N" && says "LETHE names the program" && ! says "set -euo" && ! called lethe'
submit
holds '((rc == 2)) && says "--chain N"'
# The scripts alone: no build beside them.
cp -r "$source/slurm" "$dir/alone"
# submit_without NAME=VALUE...: a submission from there, without a LETHE of its own.
submit_without() {
  env -u LETHE "$@" "$dir/alone/submit" config.yaml &>"$dir/log"
  rc=$?
}
begin "submit finds the program on PATH"
submit_without PATH="$dir/bin:$PATH"
holds '((rc == 0)) && called sbatch && says "looking: $dir/bin/lethe status"'
begin "submit finds the program below its folder"
mkdir -p "$dir/build/bin" && ln "$dir/bin/lethe" "$dir/build/bin/lethe"
submit_without PATH="$bare"
holds '((rc == 0)) && called sbatch && says "looking: $dir/build/bin/lethe status"'
begin "submit finds the program beside its checkout"
(cd / && env -u LETHE PATH="$bare" "$dir/alone/submit" "$c" &>"$dir/log")
rc=$?
holds '((rc == 0)) && says "looking: $dir/build/bin/lethe status"'
rm -r "$dir/build"
begin "submit finds the program that it was installed with"
mkdir -p "$dir/prefix/share/lethe" "$dir/prefix/bin" && cp -r "$source/slurm" "$dir/prefix/share/lethe"
ln "$dir/bin/lethe" "$dir/prefix/bin/lethe"
env -u LETHE PATH="$bare" "$dir/prefix/share/lethe/slurm/submit" config.yaml &>"$dir/log"
rc=$?
holds '((rc == 0)) && says "looking: $dir/prefix/bin/lethe status"'
begin "submit without a program"
rm "$bare/lethe"
submit_without PATH="$bare"
holds '((rc == 2)) && says "lethe is not found: set LETHE=/path/to/lethe" && ! called sbatch'
begin "submit takes no more ranks than there are cells"
submit "$c"
holds '((rc == 0)) && called "--ntasks-per-node=3 --cpus-per-task=2 --mem=3000M"'
begin "submit on GPUs"
echo cuda >"$dir/device"
submit "$c" --nodes 2 --gpus-per-node 4
holds '((rc == 0)) && called "--ntasks-per-node=4 --cpus-per-task=2 --mem=4000M --gpus-per-node=4"'
begin "submit for a kind of GPU asks the plan whether it fits"
echo cuda >"$dir/device"
submit "$c" --gpu a100-80 --gpus-per-node 4
holds '((rc == 0)) && called "plan $c --gpu a100-80 --resources" && called "--gpus-per-node=4"'
begin "submit for a kind of GPU that is too small"
echo cuda >"$dir/device"
touch "$dir/refused"
submit "$c" --gpu v100-16
rm "$dir/refused"
holds '((rc == 2)) && ! called sbatch'
begin "an array of two executors on a GPU is reduced by two ranks"
echo cuda >"$dir/device"
echo 2 >"$dir/per_gpu"
submit "$c" --array
holds '((rc == 0)) && called "--ntasks=2 --cpus-per-task=2 --mem=2000M --gpus-per-node=1 --dependency=afterany:101"'
begin "submit with a prologue as modules have them"
printf '%s\n' 'echo $NO_SUCH_VARIABLE' 'export LETHE='"$dir/bin/lethe" false >"$dir/prologue"
submit "$c" --prologue "$dir/prologue"
holds '((rc == 0)) && called sbatch'
begin "submit with two executors on a GPU"
echo cuda >"$dir/device"
echo 2 >"$dir/per_gpu"
submit "$c" --gpus-per-node 4
holds '((rc == 0)) && called "--ntasks-per-node=8 --cpus-per-task=2 --mem=8000M --gpus-per-node=4"'
begin "submit without the GPUs that the config needs"
echo cuda >"$dir/device"
submit "$c" --gpus-per-node 0
holds '((rc == 2)) && says "needs --gpus-per-node" && ! called sbatch'
begin "submit with GPUs that the config does not use"
submit "$c" --gpus-per-node 2
holds '((rc == 2)) && says "GPUs would lie idle" && ! called sbatch'
begin "submit from within a job hands none of its settings on, but the user's own"
SLURM_GPUS_ON_NODE=8 SLURM_MEM_PER_NODE=1 SLURM_NTASKS=9 SLURM_JWT=token submit "$c"
holds '((rc == 0)) && called "SLURM_JWT=token" && ! called SLURM_GPUS && ! called SLURM_MEM && ! called SLURM_NTASKS'
begin "an array, and the job that reduces"
submit "$c" --array --prologue "$c"
holds '((rc == 0)) && called "--array=0-2" && called "--dependency=afterany:101" && called "LETHE_PROLOGUE=$c"'
begin "an array on GPUs, one for each job, whose reductions are started by srun"
echo cuda >"$dir/device"
submit "$c" --array --gpus-per-node 1 --launcher srun
holds '((rc == 0)) && (($(num_calls "--gpus-per-node=1") == 2)) && called "LETHE_LAUNCHER=srun"'
begin "an array takes no option that would mean nothing"
submit "$c" --array --nodes 2
holds '((rc == 2)) && says "the job that reduces has one node; --array takes no --nodes"'
submit "$c" --array --ranks-per-node 2
holds '((rc == 2)) && says "--array takes no --ranks-per-node"'
submit "$c" --array --gpus-per-node 2
holds '((rc == 2)) && says "--array takes --gpus-per-node 1" && ! called sbatch'
begin "a chain"
submit "$c" --chain 3
holds '((rc == 0)) && called "--dependency=afternotok:101 --kill-on-invalid-dep=yes" && called "--dependency=afternotok:102" &&
  called "LETHE_AFTER=101 LETHE_CHAIN=101 LETHE_REQUEUE=no" && called "LETHE_AFTER=102 LETHE_CHAIN=101 LETHE_REQUEUE=no" &&
  (($(num_calls LETHE_CHAIN) == 2)) && says "scancel 101 102 103"'
begin "submit from within a job of a chain begins another"
LETHE_AFTER=54 LETHE_CHAIN=50 submit "$c"
holds '((rc == 0)) && ! called LETHE_AFTER && ! called LETHE_CHAIN'
begin "a dry run"
submit "$c" --chain 2 --dry-run
holds '((rc == 0)) && ! called sbatch && (($(grep -c "^sbatch" "$dir/log") == 2))'
for wrong in "--nodes 0" "--chain x" "--launcher ssh" "--prologue /nowhere" "--colour red" "--nodes" "--gpus-per-node x" "--array --chain 2" "second.yaml" \
  "--array --nodes 2" "--array --nodes 1" "--ranks-per-node 2 --array" "--array --gpus-per-node 2"; do
  begin "submit $wrong"
  # shellcheck disable=SC2086
  submit "$c" $wrong
  holds '((rc == 2)) && says "submit: " && ! called sbatch'
done
begin "submit of a config that is not there"
submit "$dir/nowhere.yaml"
holds '((rc == 2)) && says "nowhere.yaml cannot be read" && ! called lethe'
begin "submit of a config that is refused"
touch "$dir/refused"
submit "$c"
holds '((rc == 2)) && says "bad config" && ! called sbatch'
