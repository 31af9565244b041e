#!/bin/bash
# Every branch of slurm/'s scripts, with Slurm, the launcher and lethe replaced by scripts that note how they are called.
#   branches.sh SOURCE
set -u
source=$1
dir=$(mktemp -d)
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
state() { echo "$1" >"$d/out/STATE"; }
# They live long enough to be ended by somebody.
until_usr1() { trap 'echo usr1 >>"$d/calls"; state INCOMPLETE; commit "$1"; exit "${2:-0}"' USR1; echo up >"$d/up"; for _ in $(seq 600); do /bin/sleep 0.1; done; }
until_term() { trap 'exit 143' TERM; trap '' USR1; echo up >"$d/up"; for _ in $(seq 600); do /bin/sleep 0.1; done; }
eval "$line"
E2
mock scontrol <<'E2'
case "$1 $2" in
  "show job") [[ $3 == 7 || $3 == 5_1 ]] && cat "$d/job" || cat "$d/other" 2>/dev/null ;;
  "show hostnames") echo "${3//,/$'\n'}" ;;
  requeue*) exit "$(cat "$d/requeue_rc")" ;;
esac
E2
mock srun <<'E2'
[[ $* == *lethe\ sweep* ]] && exec "$d/bin/mpirun" "$@"
for node in $(cat "$d/dead" 2>/dev/null); do [[ " $* " == *" -w $node "* ]] && exit 1; done
exit 0
E2
mock squeue <<'E2'
[[ $* == *"-t PD"* ]] && cat "$d/queue" 2>/dev/null
exit 0
E2
mock scancel </dev/null
mock sbatch <<'E2'
n=$(($(cat "$d/jobs" 2>/dev/null || echo 100) + 1)); echo $n >"$d/jobs"; echo "$n;cluster"; env | grep -E "^LETHE_(AFTER|CHAIN|REQUEUE|PROLOGUE|LAUNCHER)=|^SLURM_(GPUS|MEM|NTASKS|JWT)" | sort | tr '\n' ' ' >>"$d/calls"; echo >>"$d/calls"
E2
# Long waits pass at once, short ones are shortened: the watchdog's less, which must not overtake a slow machine.
mock sleep <<'E2'
[[ ${1%.*} -ge 60 ]] || exec /bin/sleep $((${1%.*} == 5))".1"
E2

running="JobId=7 Command=$source/slurm/sweep.sbatch JobState=RUNNING Restarts=0 TimeLimit=01:00:00
   StartTime=2026-01-01T10:00:00 EndTime=2026-01-01T11:00:00 PreemptTime=None"
completing() { sed "s/JobState=RUNNING/JobState=COMPLETING/; s/EndTime=[^ ]*/EndTime=$1/" <<<"$running"; }

# fresh: the mocks' state before a case. Launches: one line each.
fresh() { # LAUNCH...
  rm -rf "$dir"/{out,refused,plan,queue,dead,up,calls,jobs,other}
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

begin "a sweep that ends" 'commit 2; state COMPLETE'
job sweep.sbatch
holds '((rc == 0)) && called "mpirun -n 5 --bind-to none --oversubscribe --host n1:2,n2:2,n3:1" && ! called requeue'

begin "a config that is refused starts nothing"
touch "$dir/refused"
job sweep.sbatch
holds '((rc == 2)) && says "bad config" && ! called mpirun && ! called requeue'

begin "a config that the sweep refuses" 'state CONFIG_ERROR'
job sweep.sbatch
holds '((rc == 2)) && ! called requeue'

begin "a cell that fails" 'commit 1; state POISONED'
job sweep.sbatch
holds '((rc == 1)) && ! called requeue'

begin "the word of an earlier run counts for nothing" 'true' 'true'
echo COMPLETE >"$dir/out/STATE"
touch -d yesterday "$dir/out/STATE"
job sweep.sbatch
holds '((rc == 75)) && (($(num_calls ^mpirun) == 2)) && called "scontrol requeue 7"'

begin "another sweep is at work" 'exit 69'
job sweep.sbatch
holds '((rc == 69)) && says "leaving it alone" && ! called requeue'

begin "a lost rank, whatever the launcher says" 'commit 1; state INCOMPLETE; exit 0' 'commit 1; state COMPLETE; exit 1'
job sweep.sbatch
holds '((rc == 0)) && (($(num_calls ^mpirun) == 2))'

begin "a run without progress is put back once, and once only" 'state INCOMPLETE' 'state INCOMPLETE'
job sweep.sbatch
holds '((rc == 75)) && called "scontrol requeue 7"'
printf '%s\n' 'state INCOMPLETE' 'state INCOMPLETE' >"$dir/runs"
rm "$dir/calls"
job sweep.sbatch SLURM_RESTART_COUNT=1
holds '((rc == 75)) && ! called requeue && says "nothing was committed in 2 runs in a row" && says "It ended by itself"'
printf '%s\n' 'state COMPLETE' >"$dir/runs"
job sweep.sbatch
holds '((rc == 0)) && [[ -z $(ls "$dir/out/logs") ]]'

begin "tasks that fail are named as the reason" 'state INCOMPLETE' 'state INCOMPLETE'
mkdir "$dir/out/logs"
echo 1 >"$dir/out/logs/slurm-7.tries"
echo '{"event":"failed"}' >"$dir/out/events.jsonl"
job sweep.sbatch SLURM_RESTART_COUNT=1
holds '((rc == 75)) && says "Tasks failed or hung" && ! called requeue'

begin "a lost node is left out, also before anything is committed" 'echo n2 >$d/dead; exit 0' 'commit 1; state COMPLETE'
job sweep.sbatch
holds '((rc == 0)) && says "lost n2: going on with n1 n3" && called "mpirun -n 3 --bind-to none --oversubscribe --host n1:2,n3:1"'

begin "all other nodes are lost, one after the other" 'echo n2 >$d/dead' 'echo n2 n3 >$d/dead' 'commit 1; state COMPLETE'
job sweep.sbatch
holds '((rc == 0)) && called "mpirun -n 2 --bind-to none --oversubscribe --host n1:2 "'

begin "the time limit is near" 'until_usr1 3'
meanwhile='kill -USR1 PID' job sweep.sbatch
holds '((rc == 75)) && called usr1 && called "scontrol requeue 7" && says "back in the queue; 3 new file(s)"'

begin "the time limit was too short for anything" 'until_usr1 0'
mkdir "$dir/out/logs"
echo 1 >"$dir/out/logs/slurm-7.tries"
meanwhile='kill -USR1 PID' job sweep.sbatch SLURM_RESTART_COUNT=1
holds '((rc == 75)) && ! called requeue && says "the time is too short for it"'

begin "scancel" 'until_usr1 1'
meanwhile='completing 2026-01-01T10:20:00 >"$dir/job"; kill -TERM PID' job sweep.sbatch
holds '((rc == 75)) && ! called requeue && says "cancelled: not put back into the queue; 1 new file(s)"'

begin "put back by Slurm itself" 'until_usr1 1'
meanwhile='completing Unknown >"$dir/job"; kill -TERM PID' job sweep.sbatch
holds '((rc == 75)) && ! called requeue && says "Slurm has put it back"'

begin "a limit without a warning" 'until_usr1 1'
meanwhile='completing 2026-01-01T11:00:00 >"$dir/job"; kill -TERM PID' job sweep.sbatch
holds '((rc == 75)) && called "scontrol requeue 7"'

begin "grace before pre-emption" 'until_usr1 1'
meanwhile='kill -TERM PID' job sweep.sbatch
holds '((rc == 75)) && called "scontrol requeue 7"'

begin "pre-empted without a signal for this shell" 'commit 1; sed -i "s/PreemptTime=None/PreemptTime=2026-01-01T10:10:00/" $d/job'
job sweep.sbatch
holds '((rc == 75)) && (($(num_calls ^mpirun) == 1)) && called "scontrol requeue 7"'

begin "a site that forbids requeueing" 'until_usr1 1'
echo 1 >"$dir/requeue_rc"
meanwhile='kill -USR1 PID' job sweep.sbatch
holds '((rc == 75)) && says "cannot be requeued; 1 new file(s)"'

begin "a job of a chain" 'until_usr1 1'
echo "JobState=COMPLETED" >"$dir/other"
meanwhile='kill -USR1 PID' job sweep.sbatch LETHE_REQUEUE=no LETHE_AFTER=6
holds '((rc == 75)) && ! called requeue && says "the next job of the chain"'

begin "a chain that is done leaves the queue, the last job first" 'commit 1; state COMPLETE'
printf '%s\n' '8 afternotok:7(unfulfilled)' '10 afternotok:9(unfulfilled)' '9 afternotok:8(unfulfilled)' '11 (null)' '12 afternotok:6' >"$dir/queue"
job sweep.sbatch LETHE_REQUEUE=no
holds '((rc == 0)) && called "scancel 10 9 8" && ! called "scancel 10 9 8 "'
begin "a job that puts itself back has no chain" 'commit 1; state COMPLETE'
printf '%s\n' '8 afternotok:7(unfulfilled)' >"$dir/queue"
job sweep.sbatch
holds '((rc == 0)) && ! called scancel'

# link NUMBER [NAME=VALUE...]: a job of the chain 7 8 9 10 11.
link() {
  local number=$1
  shift
  printf '%s\n' '8 afternotok:7' '9 afternotok:8' '10 afternotok:9' '11 afternotok:10' | awk -v "n=$number" '$1 > n' >"$dir/queue"
  ((number == 7)) || set -- LETHE_AFTER=$((number - 1)) LETHE_CHAIN=7 "$@"
  job sweep.sbatch SLURM_JOB_ID="$number" LETHE_REQUEUE=no "$@"
}
begin "two jobs of a chain without progress end it" 'state INCOMPLETE' 'state INCOMPLETE' 'until_usr1 0'
link 7
holds '((rc == 75)) && says "the next job of the chain" && ! called scancel'
meanwhile='kill -USR1 PID' link 8
holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && says "the time is too short" && called "scancel 11 10 9"'
begin "progress between two jobs of a chain" 'state INCOMPLETE' 'state INCOMPLETE' 'until_usr1 1' 'until_usr1 0' 'until_usr1 0'
link 7
rm "$dir/up" 2>/dev/null
for number in 8 9; do meanwhile='kill -USR1 PID; rm $dir/up' link $number; done
holds '((rc == 75)) && says "the next job of the chain" && ! called scancel'
meanwhile='kill -USR1 PID' link 10
holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && called "scancel 11"'
begin "a job of a chain that Slurm puts back counts like the next one" 'state INCOMPLETE' 'state INCOMPLETE' 'state INCOMPLETE' 'state INCOMPLETE'
link 8
holds '((rc == 75)) && ! called scancel'
link 8 SLURM_RESTART_COUNT=1
holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && called "scancel 11 10 9"'
begin "a new chain begins to count" 'state INCOMPLETE' 'state INCOMPLETE'
mkdir "$dir/out/logs"
echo 1 >"$dir/out/logs/slurm-7.tries"
link 7
holds '((rc == 75)) && ! called scancel && [[ $(cat "$dir/out/logs/slurm-7.tries") == 1 ]]'
begin "a chain whose config is refused ends"
touch "$dir/refused"
link 8
holds '((rc == 2)) && says "bad config" && called "scancel 11 10 9"'
begin "a chain whose folder cannot be written ends" 'state INCOMPLETE' 'rm -r $d/out/logs; touch $d/out/logs'
link 8
holds '((rc == 75)) && says "cannot be written" && called "scancel 11 10 9"'
begin "a plan that is stopped refuses nothing, but is a run without progress"
echo 'exit 75' >"$dir/plan"
out=$dir/out link 7
holds '((rc == 75)) && says "lethe plan ended with 75" && ! says refused && ! called scancel'
out=$dir/out link 8
holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && called "scancel 11 10 9" && ! called mpirun'
begin "a plan that is stopped before it names the folder"
echo 'exit 137' >"$dir/plan"
link 7
holds '((rc == 75)) && says "lethe plan ended with 137" && ! called scancel && ! called requeue'
begin "scancel while lethe plans"
echo 'echo up >$d/up; /bin/sleep 1; exit 75' >"$dir/plan"
out=$dir/out meanwhile='completing 2026-01-01T10:20:00 >"$dir/job"; kill -TERM PID' link 7
holds '((rc == 75)) && says "cancelled: not put back into the queue" && called "scancel 11 10 9 8" && [[ ! -e $dir/out/logs ]]'

begin "the job before was cancelled" 'state COMPLETE'
echo "JobState=CANCELLED" >"$dir/other"
job sweep.sbatch LETHE_REQUEUE=no LETHE_AFTER=6
holds '((rc == 75)) && called "scancel 7" && ! called mpirun'

begin "a launcher that outlives its sweep" 'commit 1; state COMPLETE; until_term'
job sweep.sbatch
holds '((rc == 0)) && says "no sign of life for 30 s, STATE is COMPLETE"'

begin "a launcher that does nothing" 'until_term' 'until_term'
job sweep.sbatch LETHE_WATCHDOG_SECONDS=10
holds '((rc == 75)) && says "no sign of life for 10 s, STATE is INCOMPLETE" && (($(num_calls ^mpirun) == 2))'

begin "what lives is left alone" 'for i in $(seq 40); do echo $i >$d/out/status.json; /bin/sleep 0.1; done; state COMPLETE'
job sweep.sbatch LETHE_WATCHDOG_SECONDS=10
holds '((rc == 0)) && ! says "no sign of life"'

begin "GPUs decide the ranks" 'state COMPLETE'
echo cuda >"$dir/device"
job sweep.sbatch SLURM_JOB_NODELIST=n1,n2 SLURM_TASKS_PER_NODE="1(x2)" SLURM_GPUS_ON_NODE=4 SLURM_CPUS_ON_NODE=16
holds '((rc == 0)) && called "mpirun -n 8 --bind-to none --oversubscribe --host n1:4,n2:4 "'

begin "two executors on a GPU" 'state COMPLETE'
echo cuda >"$dir/device"
echo 2 >"$dir/per_gpu"
job sweep.sbatch SLURM_JOB_NODELIST=n1,n2 SLURM_TASKS_PER_NODE="8(x2)" SLURM_GPUS_ON_NODE=4 SLURM_CPUS_ON_NODE=16
holds '((rc == 0)) && called "mpirun -n 16 --bind-to none --oversubscribe --host n1:8,n2:8 "'

begin "no mpirun, but srun with PMIx" 'state COMPLETE'
job sweep.sbatch LETHE_LAUNCHER=srun SLURM_JOB_NODELIST=n1,n2 SLURM_TASKS_PER_NODE="2(x2)"
holds '((rc == 0)) && called "srun --mpi=pmix -n 4" && called "--cpus-per-task=2"'

begin "too little memory is told before it is used up" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_NODE=1500
holds '((rc == 2)) && says "ask for --mem=2000M" && ! called mpirun'
begin "somebody who knows better than the plan" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_NODE=1500 LETHE_CHECK=no
holds '((rc == 0)) && called mpirun'
begin "memory by processor" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_CPU=600 SLURM_CPUS_ON_NODE=4
holds '((rc == 0)) && called mpirun'
begin "too few processors are told" 'state COMPLETE'
job sweep.sbatch SLURM_CPUS_ON_NODE=1
holds '((rc == 0)) && says "warning: 1 processor(s) on this node for 2 executor(s) of 2 thread(s)"'

begin "a prologue comes first" 'state COMPLETE'
printf '%s\n' 'echo in the prologue $NO_SUCH_VARIABLE' "export MPIRUN_FLAGS='--mca a b'" false >"$dir/prologue"
job sweep.sbatch LETHE_PROLOGUE="$dir/prologue"
holds '((rc == 0)) && says "in the prologue" && called "--mca a b"'
begin "a prologue that is not there" 'state COMPLETE'
job sweep.sbatch LETHE_PROLOGUE="$dir/no-prologue"
holds '((rc == 2)) && says "cannot be read" && ! called mpirun'
# Everything but a launcher: the host's own may be beside what the scripts need.
bare=$dir/no-mpirun
mkdir "$bare"
ln -s /usr/bin/* /bin/* "$bare" 2>/dev/null
rm -f "$bare/mpirun"
for name in "$dir"/bin/*; do [[ $name == */mpirun ]] || ln -sf "$name" "$bare"; done
begin "no launcher is told at once"
job sweep.sbatch PATH="$bare"
holds '((rc == 2)) && says "mpirun is not on PATH" && says "--prologue" && says "--launcher srun" && ! called "plan" && ! called requeue'
begin "no launcher ends a chain, which would not find it either"
link 8 PATH="$bare"
holds '((rc == 2)) && says "mpirun is not on PATH" && called "scancel 11 10 9"'
begin "a prologue that loads the launcher" 'state COMPLETE'
echo "PATH+=:$dir/bin" >"$dir/prologue"
job sweep.sbatch PATH="$bare" LETHE_PROLOGUE="$dir/prologue"
holds '((rc == 0)) && called "mpirun -n 5"'
begin "srun needs no mpirun" 'state COMPLETE'
job sweep.sbatch PATH="$bare" LETHE_LAUNCHER=srun
holds '((rc == 0)) && called "srun --mpi=pmix -n 5"'
begin "no program"
job sweep.sbatch LETHE="$dir/no-lethe" PATH="$(printf '%s' "$PATH")"
holds '((rc == 2)) && says "lethe is not found"'

begin "a folder that cannot be made is no refused config" 'state COMPLETE'
rm -r "$dir/out"
touch "$dir/out"
job sweep.sbatch
holds '((rc == 75)) && says "$dir/out/logs cannot be written" && ! called mpirun && ! called requeue'

array=(SLURM_ARRAY_JOB_ID=5 SLURM_ARRAY_TASK_ID=1 SLURM_CPUS_ON_NODE=2)
begin "a task of an array runs its cell" 'commit 1; exit 0'
job array.sbatch "${array[@]}"
holds '((rc == 0)) && called "lethe cell config.yaml --cell rome/m/sample1 --out" && ! called requeue'
begin "a task near its limit" 'until_usr1 1 75'
meanwhile='kill -USR1 PID' job array.sbatch "${array[@]}"
holds '((rc == 75)) && called "scontrol requeue 5_1"'
begin "a task that is cancelled" 'until_term'
meanwhile='completing 2026-01-01T10:20:00 >"$dir/job"; pkill -TERM -P PID; kill -TERM PID' job array.sbatch "${array[@]}"
holds '((rc == 75)) && ! called requeue && says "cancelled"'
begin "a task whose cell fails" 'exit 1'
job array.sbatch "${array[@]}"
holds '((rc == 1)) && ! called requeue'
begin "a signal before anything is started" 'state COMPLETE'
job sweep.sbatch LETHE_PROLOGUE=<(echo 'kill -USR1 $$')
holds '((rc == 75)) && ! called mpirun && called "scontrol requeue 7"'
begin "Slurm does not answer" 'until_usr1 1'
meanwhile='mv "$dir/job" "$dir/no-job"; touch "$dir/job"; kill -TERM PID' job sweep.sbatch LETHE_SLURM_SCRIPTS="$source/slurm"
holds '((rc == 75)) && says "told to end (unknown)" && called "scontrol requeue 7"'
begin "a count that cannot be kept" 'state INCOMPLETE' 'rm -r $d/out/logs; touch $d/out/logs'
job sweep.sbatch
holds '((rc == 75)) && says "cannot be written" && ! called requeue'
begin "what replaces its own files gets on" 'rm -f $d/out/cells/rome/m/sample1/x/*; commit 1; state INCOMPLETE' 'rm -f $d/out/cells/rome/m/sample1/x/*; commit 1; state COMPLETE'
mkdir -p "$dir/out/cells/rome/m/sample1/x" && touch "$dir/out/cells/rome/m/sample1/x/old.h5"
job sweep.sbatch
holds '((rc == 0)) && (($(num_calls ^mpirun) == 2))'
begin "a launcher's own code, though a signal came" 'trap "exit 69" USR1; echo up >$d/up; for i in $(seq 99); do /bin/sleep 0.05; done'
meanwhile='kill -USR1 PID' job sweep.sbatch
holds '((rc == 69))'
begin "a node with more GPUs than were asked for" 'state COMPLETE'
echo cuda >"$dir/device"
job sweep.sbatch SLURM_JOB_NODELIST=n1 SLURM_TASKS_PER_NODE=2 SLURM_GPUS_ON_NODE=4 LETHE_GPUS_PER_NODE=2
holds '((rc == 0)) && called "mpirun -n 2 "'
begin "GPUs that the config does not use" 'state COMPLETE'
job sweep.sbatch SLURM_JOB_NODELIST=n1 SLURM_TASKS_PER_NODE=2 SLURM_GPUS_ON_NODE=4
holds '((rc == 0)) && called "mpirun -n 2 "'

begin "a task too many" 'exit 0'
job array.sbatch "${array[@]}" SLURM_ARRAY_TASK_ID=3
holds '((rc == 2)) && says "there is no cell 3: config.yaml has 3" && ! called "lethe cell"'

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
for wrong in "--nodes 0" "--chain x" "--launcher ssh" "--prologue /nowhere" "--colour red" "--nodes" "--array --chain 2" "second.yaml" \
  "--array --nodes 2" "--array --nodes 1" "--ranks-per-node 2 --array" "--array --gpus-per-node 2"; do
  begin "submit $wrong"
  # shellcheck disable=SC2086
  submit "$c" $wrong
  holds '((rc == 2)) && says "submit: " && ! called sbatch'
done
begin "submit of a config that is refused"
touch "$dir/refused"
submit "$c"
holds '((rc == 2)) && says "bad config" && ! called sbatch'

((num_failures == 0)) && echo passed
exit $((num_failures > 0))
