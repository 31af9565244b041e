# Slurm, the launcher and lethe, replaced by scripts that note how they are called in $dir/calls; sourced by branches.sh, which sets
# `source`. Works in the folder `dir`, which it makes and removes.
# shellcheck shell=bash
dir=$(realpath "$(mktemp -d)")
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
num_failures=0

mock() { # NAME, its text on standard input
  { echo '#!/bin/bash'; echo "d=$dir"; echo 'echo "$(basename "$0") $*" >>"$d/calls"'; cat; } >"$dir/bin/$1"
  chmod +x "$dir/bin/$1"
}
mock lethe <<'E2'
if [[ $1 == plan ]]; then
  [[ -e $d/refused ]] && { echo "bad config" >&2; exit 2; }
  [[ -e $d/plan ]] && source "$d/plan"
  printf 'out=%s\ndevice=%s\nexecutors_per_gpu=%s\nthreads=2\nhost_mb=1000\ngpu_mb=0\nnum_cells=3\n' "$d/out" "$(cat "$d/device")" "$(cat "$d/per_gpu")"
  printf 'cell=rome/m/sample%s\n' 0 1 2
else
  exec "$d/bin/mpirun" "$@"
fi
E2
# Each launch takes the next line of `runs`: what it does, as a shell command.
mock mpirun <<'E2'
line=$(head -n 1 "$d/runs"); sed -i 1d "$d/runs"
commit() { for _ in $(seq "$1"); do mkdir -p "$d/out/cells/rome/m/sample1/x"; mktemp "$d/out/cells/rome/m/sample1/x/XXXXXX.h5" >/dev/null; done; }
# make KIND MODEL: a file of a prerequisite. own KEY JOB [STATE]: the token of a process that makes it, or has made it.
make() { mkdir -p "$d/out/prerequisites/$1/$2/x"; mktemp "$d/out/prerequisites/$1/$2/x/XXXXXX.h5" >/dev/null; }
own() { mkdir -p "$d/out/owners"; printf '%s\n' "beat 00000000000000000004 ${3:-running}" 'owner x' 'boot x' 'process 4711 on n2' "job $2" >"$d/out/owners/$1.00000001.token"; }
state() { echo "$1" >"$d/out/STATE"; }
# event NAME [FIELDS]; failed CLASS [REASON]: a line of events.jsonl. made EDITS: a status.json with so many that are not committed.
event() { echo "{\"time\":\"$(date -u +%FT%TZ)\",\"event\":\"$1\"${2:+,$2}}" >>"$d/out/events.jsonl"; }
failed() { event failed "\"rank\":1,\"task\":\"edit rome/m/sample1\",\"class\":\"$1\",\"reason\":\"${2:-x \\\"class\\\":\\\"y\\\"}\""; }
made() { printf '{\n "edits": {\n  "all": 8,\n  "done": 1,\n  "uncommitted": %s\n },\n "time": "%s"\n}\n' "$1" "$(date -u +%FT%TZ)" >"$d/out/status.json"; }
# They live long enough to be ended by somebody.
until_usr1() { trap 'echo usr1 >>"$d/calls"; state INCOMPLETE; commit "$1"; exit "${2:-0}"' USR1; echo up >"$d/up"; for _ in $(seq 600); do /bin/sleep 0.1; done; }
until_term() { trap 'exit 143' TERM; trap '' USR1; echo up >"$d/up"; for _ in $(seq 600); do /bin/sleep 0.1; done; }
eval "$line"
E2
mock scontrol <<'E2'
case "$1 $2" in
  "show job") [[ $3 == 7 || $3 == 5_1 ]] && cat "$d/job" || cat "$d/other" 2>/dev/null ;;
  "show hostnames") [[ -z $3 ]] || echo "${3//,/$'\n'}" ;;
  requeue*) exit "$(cat "$d/requeue_rc")" ;;
esac
E2
# `on_node` is what another node does when it is asked to clean itself.
mock srun <<'E2'
[[ $* == *\ bash\ -c\ * && -e $d/on_node ]] && { source "$d/on_node"; exec "${@: -3}"; }
[[ $* == *lethe\ sweep* ]] && exec "$d/bin/mpirun" "$@"
for node in $(cat "$d/dead" 2>/dev/null); do [[ " $* " == *" -w $node "* ]] && exit 1; done
exit 0
E2
mock squeue <<'E2'
[[ $* == *" -s "* ]] && cat "$d/steps" 2>/dev/null
[[ $* == *"-t PD"* ]] && cat "$d/queue" 2>/dev/null
exit 0
E2
mock scancel </dev/null
mock sbatch <<'E2'
n=$(($(cat "$d/jobs" 2>/dev/null || echo 100) + 1))
[[ -e $d/most_jobs ]] && ((n > $(cat "$d/most_jobs"))) && { echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1; }
echo $n >"$d/jobs"; echo "$n;cluster"; env | grep -E "^LETHE_(AFTER|CHAIN|REQUEUE|PROLOGUE|LAUNCHER)=|^SLURM_(GPUS|MEM|NTASKS|JWT)" | sort | tr '\n' ' ' >>"$d/calls"; echo >>"$d/calls"
E2
# Long waits pass at once, short ones are shortened: the watchdog's less, which must not overtake a slow machine; the wait for a
# child to become its program not at all.
# `asleep`: a signal comes while the job sleeps.
mock sleep <<'E2'
[[ $1 == 1 && -e $d/asleep ]] && { rm "$d/asleep"; kill -USR1 $PPID; }
[[ $1 != 2 ]] || exec /bin/sleep 2
[[ ${1%.*} -ge 60 ]] || exec /bin/sleep $((${1%.*} == 5))".1"
E2

running="JobId=7 Command=$source/slurm/sweep.sbatch JobState=RUNNING Restarts=0 TimeLimit=01:00:00
   StartTime=2026-01-01T10:00:00 EndTime=2026-01-01T11:00:00 PreemptTime=None"
completing() { sed "s/JobState=RUNNING/JobState=COMPLETING/; s/EndTime=[^ ]*/EndTime=$1/" <<<"$running"; }

# fresh: the mocks' state before a case. Launches: one line each.
fresh() { # LAUNCH...
  rm -rf "$dir"/{out,refused,plan,queue,steps,dead,on_node,up,calls,jobs,most_jobs,other}
  mkdir -p "$dir/out"
  echo "$running" >"$dir/job"
  echo 0 >"$dir/requeue_rc"
  echo cpu >"$dir/device"
  echo 1 >"$dir/per_gpu"
  printf '%s\n' "$@" >"$dir/runs"
}
settings=(SLURM_JOB_ID=7 SLURM_JOB_NODELIST=n1,n2,n3 "SLURM_TASKS_PER_NODE=2(x2),1" SLURM_NTASKS=5 SLURM_CPUS_ON_NODE=4)
# job SCRIPT [NAME=VALUE...]: runs a batch script; sets rc and log. `meanwhile`, if set, is done while it runs; `out`, if set,
# is the folder that it is given.
out=
job() {
  local script=$1 pid
  shift
  env "PATH=$dir/bin:$PATH" "LETHE=$dir/bin/lethe" LETHE_WATCHDOG_SECONDS=100 "${settings[@]}" "$@" \
    bash "$source/slurm/$script" config.yaml ${out:+"$out"} &>"$dir/log" &
  pid=$!
  if [[ -n ${meanwhile:-} ]]; then
    for _ in $(seq 200); do [[ -e $dir/up ]] && break; /bin/sleep 0.05; done
    eval "${meanwhile//PID/$pid}"
  fi
  wait $pid
  rc=$?
  meanwhile=
}
num_calls() { grep -c -- "$1" "$dir/calls" 2>/dev/null; }

case_name=
begin() { case_name=$1; shift; fresh "$@"; }
holds() {
  eval "$1" && return
  echo "FAILED: $case_name: $1 (rc $rc)"
  sed 's/^/    /' "$dir/log" "$dir/calls"
  ((++num_failures))
}
says() { grep -qF -- "$1" "$dir/log"; }
called() { grep -qsF -- "$1" "$dir/calls"; }
