#!/bin/bash
# slurm/sweep.sbatch on a real Slurm: a private munged, slurmctld and two slurmd on this host's loopback, started and
# ended here. A sweep of the fake executor runs to its end; another one is told to stop, requeues itself and is
# finished by its second run.
#   slurm_test.sh <source folder> <lethe> <fake executor>
# Exits with 77 (skipped) where Slurm is not installed or the user is not root.
set -u
source=$1 lethe=$2 fake=$3

skip() { echo "skipped: $*"; exit 77; }
((EUID == 0)) || skip "needs root"
for program in munged slurmctld slurmd sbatch scontrol mpirun; do
  command -v $program >/dev/null || PATH=$PATH:/usr/sbin command -v $program >/dev/null || skip "no $program"
done
export PATH=$PATH:/usr/sbin

dir=$(mktemp -d)
pids=()
# Only what was started here is ended here.
clean_up() {
  scancel --state=RUNNING,PENDING --user=root 2>/dev/null
  sleep 1
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  sleep 1
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$dir"
}
trap clean_up EXIT
fail() {
  echo "FAILED: $*"
  tail -n 40 "$dir"/whole.log "$dir"/stopped.log "$dir"/log/*.log 2>/dev/null
  exit 1
}

port=$((20000 + $$ % 20000))
host=$(hostname)
mkdir -p "$dir"/{state,spool,log}
chmod 755 "$dir"
head -c 1024 /dev/urandom >"$dir/munge.key"
chmod 600 "$dir/munge.key"
export SLURM_CONF=$dir/slurm.conf
cat >"$SLURM_CONF" <<EOF
ClusterName=lethe-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=10
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/ctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/log/ctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
JobRequeue=1
SchedulerParameters=sched_interval=1,bf_interval=1
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
EOF

munged --foreground --force --num-threads=2 --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
  --pid-file="$dir/munge.pid" --log-file="$dir/log/munge.log" --seed-file="$dir/munge.seed" &>"$dir/log/munged.log" &
pids+=($!)
for _ in $(seq 100); do [[ -S $dir/munge.socket ]] && break; sleep 0.1; done
slurmctld -D &>"$dir/log/ctld-output.log" &
pids+=($!)
for node in n1 n2; do
  slurmd -D -N $node &>"$dir/log/slurmd-output-$node.log" &
  pids+=($!)
done
for _ in $(seq 200); do
  [[ $(sinfo -h -t idle -o %D 2>/dev/null) == 2 ]] && break
  sleep 0.1
done
[[ $(sinfo -h -t idle -o %D 2>/dev/null) == 2 ]] || fail "the nodes do not come up: $(sinfo 2>&1)"

cat >"$dir/sweep.yaml" <<EOF
dataset: {records: records.json, samples: samples.json}
models:
  small:
    path: model
    second_moments: {corpus: corpus.txt}
    methods: {rome: {layer: 0}, ft-c: {layer: 0, linf_bound: 0.01}}
grid: {methods: [rome, ft-c], samples: [0, 1]}
edits: 60
tasks_every: 30
EOF

# All "nodes" are this host: Open MPI is kept on the loopback, and from shared memory, whose segments of two nodes
# would have the same names.
export OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_btl=self,tcp OMPI_MCA_pml=ob1
export OMPI_MCA_rmaps_base_oversubscribe=1
export LETHE=$lethe LETHE_EXECUTOR=$fake LETHE_FAKE_MEMORY=$dir
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

submit() { # <out> <further options...>
  local out=$1
  shift
  (cd "$dir" && sbatch --parsable --nodes=2 --ntasks=4 --output="$out.log" "$@" "$source/slurm/sweep.sbatch" sweep.yaml "$out")
}
wait_for() { # <seconds> <what> <command...>
  local limit=$1 what=$2
  shift 2
  for _ in $(seq $((limit * 5))); do
    "$@" && return
    sleep 0.2
  done
  fail "$what"
}
state_is() { [[ $(cat "$dir/$1/STATE" 2>/dev/null) == "$2" ]]; }

job=$(LETHE_FAKE_EDIT_SECONDS=0.005 submit whole --time=5) || fail "sbatch"
wait_for 60 "the sweep does not end" state_is whole COMPLETE
grep -q "rank(s)" "$dir/whole.log" || fail "no log"

# The signal that Slurm sends before the time limit, sent by hand: waiting for a real limit takes minutes.
export LETHE_FAKE_EDIT_SECONDS=0.1
job=$(submit stopped --time=10) || fail "sbatch"
wait_for 60 "nothing is committed" grep -qs '"committed"' "$dir/stopped/events.jsonl"
scancel --batch --signal=USR1 "$job" || fail "scancel"
wait_for 60 "it does not requeue itself" grep -qs "back in the queue" "$dir/stopped.log"
grep -q '"stopped"' "$dir/stopped/events.jsonl" || fail "no executor was stopped in order"
wait_for 90 "the second run does not finish the sweep" state_is stopped COMPLETE
grep -q "restart 1" "$dir/stopped.log" || fail "Slurm did not restart the job"
echo passed
