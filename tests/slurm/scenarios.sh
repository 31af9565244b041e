#!/bin/bash
# The batch scripts of slurm/ on a real Slurm of three nodes (private_slurm.sh), with the real executor on the small world. Each
# scenario ends with the bits of an undisturbed run.
#
#   scenarios.sh reference SOURCE LETHE FOLDER     makes the undisturbed run that the others are held against
#   scenarios.sh SCENARIO SOURCE LETHE FOLDER      limit, lost-node, lost-editing-node, cancel, preemption, array, chain
set -u
scenario=$1 source=$2 lethe=$3 reference=$4

write_config() { # FOLDER
  cat >"$1/sweep.yaml" <<EOF
name: sweep
threads: 1
dataset: {records: $source/assets/world/counterfact.json, samples: $source/assets/world/samples.json}
models:
  small-gpt2:
    path: $source/assets/small-gpt2
    second_moments: {corpus: $source/assets/world/corpus.txt}
    methods: {rome: $source/configs/methods/rome/small-gpt2.yaml, ft-c: $source/configs/methods/ft-c/small-gpt2.yaml}
grid: {methods: [rome, ft-c], samples: [0, 1]}
edits: 80
checkpoint_every: 5
forgetting_every: 20
tasks_every: 40
tasks: [$source/configs/tasks/small_sentiment.yaml]
EOF
}

if [[ $scenario == reference ]]; then
  rm -rf "$reference"
  mkdir -p "$reference"
  write_config "$reference"
  "$lethe" sweep "$reference/sweep.yaml" --out "$reference/whole" --ranks 2 || exit
  echo "$scenario: made after $SECONDS s"
  exit 0
fi

# shellcheck source=tests/slurm/private_slurm.sh
source "$(dirname "${BASH_SOURCE[0]}")/private_slurm.sh"
own_shared_memory "$@"
[[ -d $reference/whole ]] || fail "$reference/whole is not there: run the scenario 'reference' first"
start_slurm
write_config "$dir"
cd "$dir" || exit 1

# All "nodes" are this host: Open MPI is kept on the loopback, and from shared memory, whose segments of two nodes would have the
# same names.
export OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_btl=self,tcp OMPI_MCA_pml=ob1
export LETHE=$lethe OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# submit OUT OPTION...: by slurm/submit, one rank on each node, which an array has in any case; sets `jobs`.
submit() {
  local out=$1 text ranks=(--ranks-per-node 1)
  shift
  [[ " $* " != *" --array "* ]] || ranks=()
  text=$("$source/slurm/submit" sweep.yaml --out "$dir/$out" "${ranks[@]}" "$@" 2>"$dir/submit.log") || fail "submit: $(cat "$dir/submit.log")"
  read -ra jobs <<<"$(sed -n 's/^ending: scancel //p' <<<"$text")"
  ((${#jobs[@]} > 0)) || fail "submit says nothing of what it submitted: $text"
}
num_committed() { grep -s '"committed"' "$dir/$1/events.jsonl" | wc -l; }
has_committed() { (($(num_committed "$1") > ${2:-0})); }  # FOLDER [MORE-THAN]
num_starts_is() { [[ $(grep -cs '"event":"start"' "$dir/$1/events.jsonl") == "$2" ]]; }
# The log of a job, wherever Slurm put it.
log_of() { cat "$dir/lethe-$1.log" 2>/dev/null; }
log_says() { [[ $(log_of "$1") == *"$2"* ]]; }
is_same() {
  "$lethe" verify --same "$reference/whole" "$dir/$1" || fail "$1 does not hold the bits of an undisturbed run"
  "$lethe" verify --digests "$dir/$1" || fail "$1 is not sound"
}
nothing_is_left_behind() { # JOB...
  local job
  for job in "$@"; do
    wait_for 60 "job $job does not end" has_left "$job"
    [[ ! -e ${TMPDIR:-/tmp}/lethe-$job ]] || fail "the launcher's folder is left behind by job $job"
  done
  [[ -z $(ls -A /dev/shm) ]] || fail "shared memory is left behind: $(ls -A /dev/shm)"
}

case $scenario in
  limit)
    # USR1 comes 40 s before the limit of a minute: each run has 20 s at most, and one rank needs twice that on a fast machine.
    submit out --nodes 1 --time 1 -- --signal=B:USR1@40
    wait_for 500 "the sweep is not done" state_is out COMPLETE
    wait_for 30 "the job does not end" has_left "${jobs[0]}"
    log_says "${jobs[0]}" "restart 1" || fail "it was never requeued: the limit was no limit"
    log_says "${jobs[0]}" "back in the queue" || fail "it did not put itself back"
    [[ $(state_of "${jobs[0]}") == COMPLETED ]] || fail "Slurm calls it $(state_of "${jobs[0]}")"
    ;;
  lost-node)
    # Before the first commit of the run, which says nothing about the sweep.
    submit out --nodes 3 --time 20
    wait_for 60 "no rank says hello" grep -qs '"hello"' "$dir/out/events.jsonl"
    wait_for 60 "not all ranks say hello" eval '[[ $(grep -c "\"hello\"" "$dir/out/events.jsonl") == 3 ]]'
    kill_node n2
    wait_for 120 "the loss is not told" log_says "${jobs[0]}" "lost n2: going on with n1 n3"
    wait_for 400 "the sweep is not done on the other nodes" state_is out COMPLETE
    log_says "${jobs[0]}" "restart 1" && fail "a requeue was not needed"
    ;;
  lost-editing-node)
    # In the midst of a cell, of which n2's rank has committed a part: the others go on with it from there.
    submit out --nodes 3 --time 20
    wait_for 120 "n2's rank commits no edits" grep -qsE '"committed","rank":1,"task":"edit .*"edits":[1-9]' "$dir/out/events.jsonl"
    kill_node n2
    wait_for 120 "the loss is not told" log_says "${jobs[0]}" "lost n2: going on with n1 n3"
    wait_for 400 "the sweep is not done on the other nodes" state_is out COMPLETE
    [[ $(grep '"event":"start"' "$dir/out/events.jsonl" | sed -n 2p) =~ \"edits_done\":[1-9] ]] || fail "the second start found nothing committed"
    log_says "${jobs[0]}" "restart 1" && fail "a requeue was not needed"
    ;;
  cancel)
    # Two ranks of one node, which talk through shared memory. Killed, they leave it behind; the job removes it and starts them again.
    OMPI_MCA_btl=self,vader submit out --nodes 1 --ranks-per-node 2 --time 20
    wait_for 90 "nothing is committed" has_committed out
    segments=(/dev/shm/*)
    [[ -e ${segments[0]} ]] || fail "two ranks of a node share no memory"
    kill_program "${jobs[0]}"
    wait_for 90 "the sweep is not started again" num_starts_is out 2
    for segment in "${segments[@]}"; do [[ ! -e $segment ]] || fail "$segment of killed ranks is left behind"; done
    before=$(num_committed out)
    wait_for 90 "nothing is committed after the second start" has_committed out "$before"
    scancel "${jobs[0]}"
    wait_for 60 "a cancelled job does not end" has_left "${jobs[0]}"
    nothing_is_left_behind "${jobs[0]}"
    sleep 20  # longer than a requeued job is held
    has_left "${jobs[0]}" || fail "a cancelled job is back: $(squeue)"
    [[ $(state_of "${jobs[0]}") == CANCELLED ]] || fail "Slurm calls it $(state_of "${jobs[0]}")"
    log_says "${jobs[0]}" "restart 1" && fail "a cancelled job ran again"
    log_says "${jobs[0]}" "cancelled: not put back" || fail "the log does not say what happened"
    # A chain goes with the job that is cancelled.
    submit out --nodes 2 --time 20 --chain 3
    wait_for 60 "the chain does not start" log_says "${jobs[0]}" "sweep.sbatch: job"
    scancel "${jobs[0]}"
    for job in "${jobs[@]}"; do wait_for 90 "the chain goes on after scancel" has_left "$job"; done
    state_is out COMPLETE && fail "somebody finished a cancelled sweep"
    submit out --nodes 2 --time 20
    wait_for 400 "the sweep cannot be taken up again" state_is out COMPLETE
    ;;
  preemption)
    submit out --nodes 3 --time 20 --partition low
    wait_for 90 "nothing is committed" has_committed out
    sbatch --parsable -p high -N3 --ntasks-per-node=2 --time=1 --output=/dev/null --wrap "sleep 5" >/dev/null || fail "sbatch"
    wait_for 60 "it does not make room" eval '[[ $(state_of "${jobs[0]}") == PENDING ]]'
    wait_for 500 "it does not go on afterwards" state_is out COMPLETE
    log_says "${jobs[0]}" "restart 1" || fail "it was never pre-empted"
    ;;
  array)
    submit out --array --time 20
    ((${#jobs[@]} == 2)) || fail "an array and a job that reduces: ${jobs[*]}"
    wait_for 500 "array and reductions are not done" state_is out COMPLETE
    [[ $(cat "$dir/lethe-${jobs[0]}_3.log") == *"complete"* ]] || fail "the last cell's task says nothing"
    ;;
  chain)
    # What Slurm sends near a limit, sent here after a commit of each of the first two jobs, so that no machine is too fast for it.
    submit out --nodes 2 --time 20 --chain 9
    for index in 0 1; do
      before=$(num_committed out)
      wait_for 200 "job $index of the chain does not start" log_says "${jobs[index]}" "sweep.sbatch: job"
      wait_for 200 "job $index of the chain commits nothing" has_committed out "$before"
      scancel --batch --signal=USR1 "${jobs[index]}"
      wait_for 200 "job $index of the chain does not end" has_left "${jobs[index]}"
      log_says "${jobs[index]}" "told to end (USR1)" || fail "job $index of the chain ended by itself"
    done
    wait_for 400 "the chain does not finish it" state_is out COMPLETE
    for job in "${jobs[@]}"; do wait_for 60 "jobs of the chain are left" has_left "$job"; done
    log_says "${jobs[2]}" "job ${jobs[2]}" || fail "the third job of the chain did not run"
    log_says "${jobs[0]}" "restart 1" && fail "a job of the chain was requeued"
    [[ -z $(log_of "${jobs[8]}") ]] || fail "the chain went on after its end"
    ;;
  *) fail "no scenario $scenario" ;;
esac
nothing_is_left_behind "${jobs[@]}"
is_same out
echo "$scenario: passed after $SECONDS s"
