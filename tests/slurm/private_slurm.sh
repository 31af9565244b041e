# A real Slurm of three nodes on this host's loopback, for tests: a munged, a slurmctld and three slurmd of their own, started by
# `start_slurm` and ended when the script that sources this exits. Needs root and Debian's slurm-wlm and munge.
# shellcheck shell=bash
export PATH=$PATH:/usr/sbin

dir=$(mktemp -d /tmp/lethe-slurm-XXXXXX)
declare -A daemons=()

skip() { echo "skipped: $*"; exit 77; }
# In continuous integration nothing may be left out.
need() { if [[ -n ${LETHE_REQUIRE_SLURM:-} ]]; then echo "FAILED: $*"; exit 1; else skip "$*"; fi; }
fail() {
  echo "FAILED: $*"
  squeue 2>/dev/null
  sinfo -N 2>/dev/null
  tail -n 30 "$dir"/*.log "$dir"/log/*.log 2>/dev/null
  exit 1
}

# Only what was started here is ended here: daemons by their number, jobs by this Slurm.
end_slurm() {
  local job pid
  for job in $(squeue -h -o %A 2>/dev/null); do scancel "$job"; done 2>/dev/null
  sleep 1
  for pid in "${daemons[@]}"; do kill "$pid"; done 2>/dev/null
  sleep 1
  for pid in "${daemons[@]}" $(processes_with "SLURM_CONF=$SLURM_CONF"); do kill -KILL "$pid"; done 2>/dev/null
  rm -rf "$dir"
}

# Processes with that word in their environment, but this shell and its own.
processes_with() {
  local environment pid
  for environment in /proc/[0-9]*/environ; do
    pid=${environment#/proc/} pid=${pid%/environ}
    ((pid != $$ && pid != BASHPID)) && tr '\0' '\n' 2>/dev/null <"$environment" | grep -qxF "$1" && echo "$pid"
  done
}

# Starts the script that sources this anew with a /dev/shm of its own: what is there then is its jobs'.
own_shared_memory() { # ITS-ARGUMENTS
  ! grep -q '^lethe /dev/shm ' /proc/mounts || return 0
  ((EUID == 0)) || need "needs root"
  unshare --mount mount -t tmpfs lethe /dev/shm || need "no right to mount a /dev/shm of its own"
  rmdir "$dir"
  exec unshare --mount bash -c 'mount -t tmpfs lethe /dev/shm && exec "$@"' _ "$0" "$@"
}

start_node() {
  env SLURMD_NODENAME="$1" slurmd -D -N "$1" &>"$dir/log/slurmd-output-$1.log" &
  daemons[$1]=$!
}

# Everything that is on a node dies at once, as when its power fails: the daemon, what it started, and what that started.
kill_node() {
  kill -KILL "${daemons[$1]}"
  # shellcheck disable=SC2046
  kill -KILL $(processes_with "SLURMD_NODENAME=$1") 2>/dev/null
}

# The launcher of a job and what it started die at once, as when the kernel runs out of memory; the script lives.
kill_program() { # JOB
  local pid pids=()
  for pid in $(processes_with "SLURM_JOB_ID=$1"); do
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) =~ ^(mpirun|orterun|lethe) ]] && pids+=("$pid")
  done
  kill -KILL "${pids[@]}" 2>/dev/null || fail "nothing of job $1 runs"
}

start_slurm() {
  ((EUID == 0)) || need "needs root"
  local program port host
  for program in munged slurmctld slurmd sbatch scontrol mpirun; do
    command -v $program >/dev/null || need "no $program (Debian: slurm-wlm, munge)"
  done
  port=$((20000 + $$ * 8 % 20000)) host=$(hostname)
  mkdir -p "$dir"/{state,spool,log}
  chmod 755 "$dir"
  head -c 1024 /dev/urandom >"$dir/munge.key"
  chmod 600 "$dir/munge.key"
  export SLURM_CONF=$dir/slurm.conf
  # A requeued job may start again after cred_expire seconds; a lost node is known after SlurmdTimeout.
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
SlurmdTimeout=10
InactiveLimit=0
KillWait=10
MinJobAge=600
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SchedulerParameters=sched_interval=1,bf_interval=1
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 3))] CPUs=2 RealMemory=16000 State=UNKNOWN
PartitionName=low Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=20
PartitionName=high Nodes=n[1-3] MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
EOF
  trap end_slurm EXIT
  munged --foreground --force --num-threads=2 --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
    --pid-file="$dir/munge.pid" --log-file="$dir/log/munge.log" --seed-file="$dir/munge.seed" &>"$dir/log/munged.log" &
  daemons[munged]=$!
  wait_for 10 "munged does not start" test -S "$dir/munge.socket"
  slurmctld -D &>"$dir/log/ctld-output.log" &
  daemons[ctld]=$!
  for node in n1 n2 n3; do start_node $node; done
  wait_for 30 "the nodes do not come up" num_idle_is 3
  is_slurm_up=yes
}
num_idle_is() { [[ $(sinfo -h -p low -t idle -o %D 2>/dev/null) == "$1" ]]; }

# A launch that a stalled host answers later than cred_expire fails, and Slurm holds the job until somebody releases it.
release_held() {
  local job
  # Without a slurmctld that answers, squeue would wait for one.
  [[ -n ${is_slurm_up:-} ]] || return 0
  for job in $(timeout 5 squeue -h -t PD -o '%A %r' 2>/dev/null | sed -n 's/^\([0-9]*\) .*[Hh]eld.*/\1/p'); do
    echo "Slurm holds job $job after a launch that failed: released"
    scontrol release "$job"
  done
}

wait_for() { # SECONDS WHAT-IS-WRONG COMMAND...
  local limit=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  while ((SECONDS < end)); do
    "$@" && return
    ((SECONDS % 10 != 0)) || release_held
    sleep 0.2
  done
  "$@" && return
  fail "$what, after $limit s"
}
state_is() { [[ $(cat "$dir/$1/STATE" 2>/dev/null) == "$2" ]]; }
has_left() { [[ -z $(squeue -h -j "$1" -o %T 2>/dev/null) ]]; }
state_of() { scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | head -n 1; }
