#!/bin/bash
# Every branch of slurm/'s scripts, with Slurm, the launcher and lethe replaced (mock_slurm.sh).
#   branches.sh SOURCE
set -u
source=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/slurm/mock_slurm.sh
source "$here/mock_slurm.sh"
# No program of the folder that this was called from.
cd "$dir" || exit 1

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

begin "a lost node is left out, also before anything is committed" 'echo n2 >$d/dead; exit 0' 'commit 1; state COMPLETE'
job sweep.sbatch
holds '((rc == 0)) && says "lost n2: going on with n1 n3" && called "mpirun -n 3 --bind-to none --oversubscribe --host n1:2,n3:1"'

begin "all other nodes are lost, one after the other" 'echo n2 >$d/dead' 'echo n2 n3 >$d/dead' 'commit 1; state COMPLETE'
job sweep.sbatch
holds '((rc == 0)) && called "mpirun -n 2 --bind-to none --oversubscribe --host n1:2 "'

begin "the time limit is near" 'until_usr1 3'
meanwhile='kill -USR1 PID' job sweep.sbatch
holds '((rc == 75)) && called usr1 && called "scontrol requeue 7" && says "back in the queue; 3 new file(s)"'

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

# What Slurm has on record when the TERM comes: `record` is the command of sed that changes what a running job has there.
for one in "PENDING requeued" "REQUEUED requeued" "REQUEUE_HOLD requeued" "PREEMPTED preempted" "TIMEOUT timeout" \
  "DEADLINE timeout" "CANCELLED cancelled"; do
  read -r name word <<<"$one"
  begin "a TERM, and the record says $name" 'until_usr1 1'
  meanwhile='sed -i "s/=RUNNING/=$name/" "$dir/job"; kill -TERM PID' job sweep.sbatch
  holds '((rc == 75)) && says "told to end ($word)"'
  case $word in
    requeued | cancelled) holds '! called requeue' ;;
    *) holds 'called "scontrol requeue 7" && says "back in the queue; 1 new file(s)"' ;;
  esac
done
# completes WORD END RECORD: the same while it completes, which hides what it was.
completes() {
  local word=$1 end=$2 record=$3
  begin "a TERM while it completes: $record" 'until_usr1 1'
  meanwhile='completing "$end" | sed "$record" >"$dir/job"; kill -TERM PID' job sweep.sbatch
  holds '((rc == 75)) && says "told to end ($word)"'
}
completes requeued 2026-01-01T10:20:00 's/Restarts=0/Restarts=1/'
holds '! called requeue'
completes preempted 2026-01-01T10:20:00 's/PreemptTime=None/PreemptTime=2026-01-01T10:19:30/'
holds 'called "scontrol requeue 7"'
completes timeout 2026-01-02T11:00:00 's/=01:00:00/=1-01:00:00/'
holds 'called "scontrol requeue 7"'
completes cancelled 2026-01-02T11:00:00 's/=01:00:00/=2-01:00:00/'
completes cancelled 2026-01-01T11:00:00 's/=01:00:00/=UNLIMITED/'

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
mkdir "$dir/out/logs"
echo 1 >"$dir/out/logs/slurm-7.tries"
job sweep.sbatch LETHE_WATCHDOG_SECONDS=10 SLURM_RESTART_COUNT=1
holds '((rc == 75)) && says "It hangs: it gave no sign of life, and was ended" && ! called requeue'
holds 'says "no sign of life for 10 s, STATE is INCOMPLETE" && (($(num_calls ^mpirun) == 2))'

begin "what lives is left alone" 'for i in $(seq 40); do echo $i >$d/out/status.json; /bin/sleep 0.1; done; state COMPLETE'
job sweep.sbatch LETHE_WATCHDOG_SECONDS=10
holds '((rc == 0)) && ! says "no sign of life"'

begin "the beat of its token is life enough" 'mkdir $d/out/owners; for i in $(seq 40); do echo $i >$d/out/owners/sweep.h.token; /bin/sleep 0.1; done; state COMPLETE'
job sweep.sbatch LETHE_WATCHDOG_SECONDS=10
holds '((rc == 0)) && ! says "no sign of life"'

begin "a launcher that does not stop when it is told, and its steps" 'until_term'
printf '%s\n' 7.batch 7.0 7.12 >"$dir/steps"
meanwhile='kill -USR1 PID' job sweep.sbatch
holds '((rc == 75)) && says "no sign of life for 30 s, STATE is INCOMPLETE" && called "scontrol requeue 7"'
holds 'called "scancel --signal=KILL 7.0" && called "scancel --signal=KILL 7.12" && ! called 7.batch'

begin "no node answers, which says nothing about nodes" 'echo n1 n2 n3 >$d/dead' 'true'
job sweep.sbatch
holds '((rc == 75)) && ! says lost && (($(num_calls ^mpirun) == 2)) && called "scontrol requeue 7"'

for launcher in mpirun srun; do
  begin "Slurm names no node, and $launcher finds them itself" 'state COMPLETE'
  job sweep.sbatch SLURM_JOB_NODELIST= LETHE_LAUNCHER=$launcher
  holds '((rc == 0)) && says "on this host" && ! called "--host" && ! called "-w n1"'
  holds 'called "mpirun -n 5 --bind-to none" || called "srun --mpi=pmix -n 5 --kill-on-bad-exit=1"'
done

begin "what a killed launcher leaves goes, what somebody has mapped stays" 'leave'
mkdir "$dir/shm" "$dir/tmp"
mock find <<'E2'
exec /usr/bin/find "${@/#\/dev\/shm/$d/shm}"
E2
cat >"$dir/on_node" <<'E2'
mkdir -p "$TMPDIR/lethe-7/node"; touch "$d/shm/sm_segment.node"
E2
cat >"$dir/runs" <<'E2'
mkdir -p "$OMPI_MCA_orte_tmpdir_base/session"; cd "$d/shm"; touch vader_segment.left sm_segment.left other.left; touch -d yesterday vader_segment.old; cp /bin/sleep vader_segment.mapped; ./vader_segment.mapped 30 & echo $! >"$d/mapping"; /bin/sleep 0.2; state COMPLETE
E2
job sweep.sbatch TMPDIR="$dir/tmp"
kill "$(cat "$dir/mapping")"
rm "$dir/bin/find"
holds '((rc == 0)) && called "srun --overlap --mpi=none -N 3 --ntasks-per-node=1 -w n1,n2,n3" && [[ -z $(ls "$dir/tmp") ]]'
holds '[[ $(cd "$dir/shm" && echo *) == "other.left vader_segment.mapped vader_segment.old" ]]'

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

begin "another plugin of srun" 'state COMPLETE'
job sweep.sbatch LETHE_LAUNCHER=srun LETHE_SRUN_MPI=pmi2
holds '((rc == 0)) && called "srun --mpi=pmi2 -n 5 " && ! called pmix'

for gpus in "" tesla:4; do
  begin "Slurm names no number of GPUs: '$gpus'" 'state COMPLETE'
  echo cuda >"$dir/device"
  job sweep.sbatch SLURM_GPUS_ON_NODE=$gpus
  holds '((rc == 0)) && says "warning: device: cuda, and Slurm names no GPU of this job; one rank per task" && called "mpirun -n 5 "'
done

begin "too little memory is told before it is used up" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_NODE=1500
holds '((rc == 2)) && says "ask for --mem=2000M" && ! called mpirun'
begin "somebody who knows better than the plan" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_NODE=1500 LETHE_CHECK=no
holds '((rc == 0)) && called mpirun'
begin "all memory of the node" 'state COMPLETE'
job sweep.sbatch SLURM_MEM_PER_NODE=0
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

begin "a folder that cannot be written any more" 'commit 1; state INCOMPLETE; rm -r $d/out/logs; touch $d/out/logs' 'state COMPLETE'
job sweep.sbatch
holds '((rc == 75)) && says "$dir/out/logs cannot be written" && (($(num_calls ^mpirun) == 1)) && ! called requeue'

begin "the program below the folder of submission" 'state COMPLETE'
mkdir -p "$dir/build/bin" && ln -s ../../bin/lethe "$dir/build/bin/lethe"
job sweep.sbatch LETHE=
rm -r "$dir/build"
holds '((rc == 0)) && called " build/bin/lethe sweep config.yaml --out $dir/out"'
begin "the program on PATH" 'state COMPLETE'
job sweep.sbatch LETHE=
holds '((rc == 0)) && called "$dir/bin/lethe sweep config.yaml --out $dir/out"'
for script in sweep array; do
  begin "$script.sbatch without its library"
  job $script.sbatch LETHE_SLURM_SCRIPTS="$dir/nowhere"
  holds '((rc == 2)) && says "$dir/nowhere/job.sh is not there: submit $script.sbatch from its own folder" && ! called lethe'
  begin "$script.sbatch without a config"
  bash "$source/slurm/$script.sbatch" &>"$dir/log"
  rc=$?
  holds '((rc != 0)) && says "usage: sbatch" && ! called lethe'
done

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
begin "a task whose config is refused" 'exit 2'
job array.sbatch "${array[@]}"
holds '((rc == 2)) && ! called requeue'
begin "a task whose cell somebody else has" 'exit 69'
job array.sbatch "${array[@]}"
holds '((rc == 69)) && says "another process is at work on rome/m/sample1: leaving it alone" && ! called requeue'
begin "a task in its grace before pre-emption" 'until_usr1 1 75'
meanwhile='kill -TERM PID' job array.sbatch "${array[@]}"
holds '((rc == 75)) && called usr1 && says "told to end (stop)" && called "scontrol requeue 5_1"'
begin "a task that Slurm has put back" 'until_term'
meanwhile='sed -i s/=RUNNING/=PENDING/ "$dir/job"; pkill -TERM -P PID; kill -TERM PID' job array.sbatch "${array[@]}"
holds '((rc == 75)) && says "Slurm has put it back" && ! called requeue'
begin "a task without progress, while others get on" 'mkdir -p $d/out/cells/rome/m/sample0; touch $d/out/cells/rome/m/sample0/a.h5; exit 75'
mkdir "$dir/out/logs"
echo 1 >"$dir/out/logs/slurm-7.tries"
job array.sbatch "${array[@]}" SLURM_RESTART_COUNT=1
holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && ! called requeue'
begin "a task that is told to end before its cell begins" 'until_usr1 1 75'
job array.sbatch "${array[@]}" LETHE_PROLOGUE=<(echo 'kill -USR1 $$')
holds '((rc == 75)) && says "told to end (USR1)" && called "scontrol requeue 5_1" && ! called "lethe cell"'
# signal_before COMMAND: a prologue that sends the signal when the job is about to do this.
signal_before() { echo "set -T; trap '[[ \$BASH_COMMAND != \"$1\" ]] || kill -USR1 \$\$' DEBUG" >"$dir/prologue"; }
begin "a task that is told to end while its cell is started" 'until_usr1 1 75'
signal_before 'worker=\$!'
job array.sbatch "${array[@]}" LETHE_PROLOGUE="$dir/prologue"
holds '((rc == 75)) && says "told to end (USR1)" && called "lethe cell" && called "scontrol requeue 5_1"'
begin "a sweep that is told to end while it is started" 'until_usr1 1'
signal_before 'launcher=\$!'
job sweep.sbatch LETHE_PROLOGUE="$dir/prologue"
holds '((rc == 75)) && says "told to end (USR1)" && called mpirun && ! says "no sign of life" && called "scontrol requeue 7"'
begin "a signal just before the start" 'until_usr1 1'
touch "$dir/asleep"
job sweep.sbatch
holds '((rc == 75)) && says "told to end (USR1)" && ! called mpirun && called "scontrol requeue 7"'
begin "a task without a number"
job array.sbatch SLURM_ARRAY_JOB_ID=5
holds '((rc != 0)) && says "SLURM_ARRAY_TASK_ID: is not set: submit with --array" && ! called "lethe cell"'
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

# shellcheck source=tests/slurm/progress_branches.sh
source "$here/progress_branches.sh"
# shellcheck source=tests/slurm/submit_branches.sh
source "$here/submit_branches.sh"

((num_failures == 0)) && echo passed
exit $((num_failures > 0))
