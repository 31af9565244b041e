# What counts as progress of a job, and what is said of one that had none; sourced by branches.sh.
# shellcheck shell=bash

# last_run TITLE LAUNCH [LAUNCH]: a job's second run, after one without progress; `before`, if set, was said by an earlier run.
before=
last_run() {
  begin "$@"
  mkdir -p "$dir/out/logs"
  echo 1 >"$dir/out/logs/slurm-7.tries"
  [[ -z $before ]] || printf '{"time":"2026-01-01T00:00:00Z","event":"%s"}\n' $before >"$dir/out/events.jsonl"
  job sweep.sbatch SLURM_RESTART_COUNT=1
  holds '((rc == 75)) && says "nothing was committed in 2 runs in a row" && ! called requeue'
}
nothing='state INCOMPLETE'
last_run "tasks that fail are named as the reason" "$nothing" 'event start; failed hang; failed crash; failed crash; for _ in $(seq 60); do event assign; done; state INCOMPLETE'
holds 'says "Tasks failed in this run (2 crash, 1 hang): \`lethe status $dir/out\` says which"'
before='start failed' last_run "what failed in an earlier run is not this one's reason" 'event start; event assign; state INCOMPLETE' 'event start; event assign; state INCOMPLETE'
holds '! says "Tasks failed" && says "It ended by itself: this file and $dir/out/logs/ have the last lines"'
last_run "what failed in an earlier run of the same job is not the last one's reason" 'event start; failed crash; state INCOMPLETE' 'event start; event assign; state INCOMPLETE'
holds '! says "Tasks failed" && says "It ended by itself"'
before='start failed' last_run "a run that has not started has no events" "$nothing" "$nothing"
holds '! says "Tasks failed" && says "It ended by itself"'

up='echo up >$d/up; for _ in $(seq 600); do /bin/sleep 0.1; done'
meanwhile='kill -USR1 PID' before='start failed' last_run "the time limit was too short for anything" 'until_usr1 0'
holds 'says "It was told to stop (USR1) before the first file, and before a sweep had begun: the time is too short for it; give it more"'
stops="trap 'event stop; event end; state INCOMPLETE; exit' USR1; event start; $up"
meanwhile='kill -USR1 PID' last_run "a sweep that does as it is told does not hang" "$stops"
holds 'says "before the first file, and did stop: the time is too short for it" && ! says hangs'
stops="trap 'event stop; event end' USR1; event start; $up"
meanwhile='kill -USR1 PID' last_run "a launcher that outlives a sweep that did as it was told is no hang of it" "$stops"
holds 'says "no sign of life for 30 s" && says "and did stop: the time is too short for it" && ! says hangs'
stops="trap 'event stop; failed infrastructure \"the sweep ends; last log lines\"; event end; exit' USR1; event start; $up"
meanwhile='kill -USR1 PID' last_run "a task that does not stop as it is told hangs" "$stops"
holds 'says "It hangs: told to stop, tasks had not within 150 s" && ! says "Tasks failed" && ! says "too short"'
stops="trap 'event stop; failed infrastructure \"the sweep ends\"; event end; exit' USR1; event start; failed oom; $up"
meanwhile='kill -USR1 PID' last_run "what failed before is told first" "$stops"
holds 'says "Tasks failed in this run (1 oom)" && ! says hangs'
limit='completing 2026-01-01T11:00:00 >"$dir/job"; pkill -TERM -P PID; kill -TERM PID'
stops="trap 'event stop' USR1; event start; $up"
meanwhile="kill -USR1 PID; /bin/sleep 2; $limit" last_run "a sweep that is still stopping at the limit hangs" "$stops"
holds 'says "told to end (timeout)" && says "It hangs: told to stop, it had not within " && ! says "too short"'
meanwhile=$limit last_run "a limit without a warning says of edits that they were made" "event start; made 3; $up"
holds 'says "told to stop (timeout) before the first file, with 3 edit(s) made and not committed: the time is too short for it" && ! says hangs'
meanwhile=$limit last_run "a limit without a warning says no more than it knows" "event start; made 3; sed -i s/20[0-9][0-9]-/1970-/ \$d/out/status.json; $up"
holds 'says "before the first file, and none of its tasks was found to hang: the time is too short for it"'

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
second "a task that is not told to stop ends by itself" 'event start; failed crash; exit 75'
holds 'says "It ended by itself: its last lines are above" && ! says "Tasks failed"'
meanwhile='kill -USR1 PID' second "a task that does as it is told does not hang" 'until_usr1 0 75'
holds 'says "told to stop (USR1) before the first file, and did stop: the time is too short for it" && ! says hangs'
meanwhile='kill -USR1 PID' second "a task that is killed when it is told to stop has not stopped" 'until_usr1 0 137'
holds 'says "ended with 137" && says "It ended by itself" && ! says "too short"'
meanwhile='kill -USR1 PID; /bin/sleep 2; completing 2026-01-01T11:00:00 >"$dir/job"; pkill -TERM -P PID; kill -TERM PID' \
  second "a task that has not stopped at the limit hangs" "trap '' USR1; trap 'exit 75' TERM; $up"
holds 'says "It hangs: told to stop, it had not within " && says "; its last lines are above" && ! says "too short"'
second "what another model needs is no progress" 'make moments m2; make moments 2m; own moments.m2 12; own x.m.m2 12; exit 75'
holds 'says "(0 new file(s))" && says "in 2 runs in a row" && ! called requeue'
second "nobody waits for itself, for one that has left, or for a cell" 'own moments.m 7; own mend.m 12 released; own cell.rome+m+sample0 12; commit 1; exit 75'
holds 'says "back in the queue; 1 new file(s)" && ! says meanwhile'
begin "all tasks are told to end at once" 'own moments.m 12; trap "/bin/sleep 1; own moments.m 12 released; exit 75" USR1; echo up >$d/up; for i in $(seq 99); do /bin/sleep 0.05; done'
mkdir -p "$dir/out/prerequisites/moments/m"
touch "$dir/out/prerequisites/moments/m/old.h5"
meanwhile='kill -USR1 PID' job array.sbatch "${array[@]}"
holds 'says "back in the queue; 0 new file(s); meanwhile moments.m is made by process 4711 on n2, job 12"'
