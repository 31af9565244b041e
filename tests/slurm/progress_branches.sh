# What counts as progress of a job, and what is said of one that had none; sourced by branches.sh.
# shellcheck shell=bash

# second TITLE LAUNCH: the second run of a task after one without progress.
second() {
  begin "$@"
  mkdir -p "$dir/out/logs"
  echo 1 >"$dir/out/logs/slurm-7.tries"
  job array.sbatch "${array[@]}" SLURM_RESTART_COUNT=1
}
second "a task that makes what its cell needs gets on" 'make moments m; make editors m; exit 75'
holds '((rc == 75)) && says "back in the queue; 2 new file(s), 2 of them prerequisites of m" && called "scontrol requeue 5_1"'
holds '[[ $(cat "$dir/out/logs/slurm-7.tries") == 0 ]]'
second "a task that waits for another one that gets on" 'own moments.m 12; make moments m; exit 75'
holds 'says "1 new file(s), 1 of them prerequisites of m; meanwhile moments.m is made by process 4711 on n2, job 12" && called requeue'
second "a task that waits for another one that does not get on" 'own moments.m 12; exit 75'
holds '((rc == 75)) && says "(0 new file(s); meanwhile moments.m is made by process 4711 on n2, job 12)"'
holds 'says "nothing was committed in 2 runs in a row" && ! called requeue'
second "what another model needs is no progress" 'make moments m2; make moments 2m; own moments.m2 12; own x.m.m2 12; exit 75'
holds 'says "(0 new file(s))" && says "in 2 runs in a row" && ! called requeue'
second "nobody waits for itself, for one that has left, or for a cell" 'own moments.m 7; own mend.m 12 released; own cell.rome+m+sample0 12; commit 1; exit 75'
holds 'says "back in the queue; 1 new file(s)" && ! says meanwhile'
begin "all tasks are told to end at once" 'own moments.m 12; trap "/bin/sleep 1; own moments.m 12 released; exit 75" USR1; echo up >$d/up; for i in $(seq 99); do /bin/sleep 0.05; done'
mkdir -p "$dir/out/prerequisites/moments/m"
touch "$dir/out/prerequisites/moments/m/old.h5"
meanwhile='kill -USR1 PID' job array.sbatch "${array[@]}"
holds 'says "back in the queue; 0 new file(s); meanwhile moments.m is made by process 4711 on n2, job 12"'
