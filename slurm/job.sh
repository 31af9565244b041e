# What slurm/sweep.sbatch and slurm/array.sbatch have in common, sourced by both: where things are, why a job is told to
# stop, and what becomes of it then. Not a program.
#
# Settings from outside (slurm/submit sets them):
#   LETHE          the program (default: build/bin/lethe below the folder of submission, else `lethe` on PATH)
#   LETHE_PROLOGUE a file that is sourced first: modules, conda, a container
#   LETHE_REQUEUE  no: the job never puts itself back into the queue (sites that forbid it; slurm/submit --chain)
#   LETHE_AFTER    the job of the chain before this one
#   LETHE_CHAIN    the first job of the chain, of the others
#   LETHE_CHECK    no: a job that has less memory than the plan's estimate runs all the same
# shellcheck shell=bash

say() { echo "$(date -u +%FT%TZ) $role: $*"; }
die() { say "$2" >&2; exit "$1"; }
# What a later job of the chain would meet as well: its end is the chain's.
refuse() { say "$1" >&2; end_chain; exit 2; }
cannot_write() { say "$1 cannot be written (a full disk, a quota, a read-only folder?): not put back into the queue" >&2; end_chain; exit 75; }

job=${SLURM_JOB_ID:-none}
# What Slurm is asked by. One task of an array has the number of the whole array, and would be answered with all of them.
record=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID:-0}}
record=${record:-$job}
# Of a task of an array: its cell, "<method>/<model>/sample<k>". Empty where a job runs all cells.
cell=
# The newest run: when it began, how it ended (75 where none was started), and whether it was ended for want of a sign of life.
began=$(date +%s)
code=75
is_silent=

# What Slurm says of this job; empty where it does not answer. field NAME: of that, on standard input ("JobState", "EndTime").
slurm_says() { scontrol show job "$record" 2>/dev/null; }
field() { grep -o "\b$1=[^ ]*" | head -n 1 | cut -d= -f2-; }

find_program() {
  if [[ -n ${LETHE_PROLOGUE:-} ]]; then
    [[ -r $LETHE_PROLOGUE ]] || refuse "the prologue $LETHE_PROLOGUE cannot be read"
    # What modules and conda bring uses variables that are not set.
    set +u
    # shellcheck disable=SC1090
    source "$LETHE_PROLOGUE" || say "warning: the last command of the prologue $LETHE_PROLOGUE failed"
    set -u
  fi
  lethe=${LETHE:-build/bin/lethe}
  [[ -x $lethe ]] || lethe=$(command -v lethe) || refuse "lethe is not found: set LETHE=/path/to/lethe"
}

# Asks lethe what it will need, before anything is started: a config that is refused ends the job here. Sets `out`, `threads`,
# `host_mb`, `device`, `per_gpu` (executors on a GPU), `cells`.
ask_needs() { # CONFIG [OUT]
  local needs code key value
  cells=() out=${2:-}
  needs=$("$lethe" plan "$1" ${2:+--out "$2"} --resources)
  code=$?
  if ((code == 75 || code > 128)); then # told to stop, or refused by the system for now
    say "lethe plan ended with $code"
    [[ -z $out ]] || leave_unfinished "$(committed)"
    exit 75
  fi
  ((code == 0)) || refuse "config or inputs are refused"
  while IFS='=' read -r key value; do
    case $key in
      out) out=$value ;;
      device) device=$value ;;
      executors_per_gpu) per_gpu=$value ;;
      threads) threads=$value ;;
      host_mb) host_mb=$value ;;
      cell) cells+=("$value") ;;
    esac
  done <<<"$needs"
}

# A job that was given one processor and a node's default of memory would be slow or die without a word; so it says so first.
check_allocation() { # EXECUTORS-ON-THIS-NODE
  local on_node=$1 cpus=${SLURM_CPUS_ON_NODE:-} mb=${SLURM_MEM_PER_NODE:-}
  [[ -n $mb || -z ${SLURM_MEM_PER_CPU:-} || -z $cpus ]] || mb=$((SLURM_MEM_PER_CPU * cpus))
  if [[ $cpus =~ ^[0-9]+$ ]] && ((cpus < on_node * threads)); then
    say "warning: $cpus processor(s) on this node for $on_node executor(s) of $threads thread(s);" \
      "ask for --cpus-per-task=$threads, or submit with slurm/submit"
  fi
  if [[ $mb =~ ^[0-9]+$ && ${LETHE_CHECK:-yes} != no ]] && ((mb > 0 && mb < on_node * host_mb)); then
    refuse "$mb MB of memory on this node, but $on_node executor(s) need $host_mb MB each by the plan:
ask for --mem=$((on_node * host_mb))M, submit with slurm/submit, or set LETHE_CHECK=no if you know better"
  fi
}

# Notes that the job was told to end: why (`ending`), and when first and last, in seconds of this shell.
ending=
first_told=
last_told=
note_told() { # USR1, or why_terminated's word
  ending=$1
  last_told=$SECONDS
  first_told=${first_told:-$SECONDS}
}

# Waits for a child of this shell to end, whatever signals come meanwhile; sets `code`.
wait_for() { # PID
  while kill -0 "$1" 2>/dev/null; do wait "$1"; done
  wait "$1"  # a signal may have ended the wait; bash still knows
  code=$?
}

# A signal came before this shell knew the child's number. A process that is not yet the program would lose it.
signal_late() { sleep 2; kill -USR1 "$1" 2>/dev/null; }

# Committed files, for telling whether a run got anywhere. By name, which holds a digest: what a training has saved is replaced by
# what it saves next, and slices go when they are added. Of a task of an array they are those of its cell, and what there is below
# prerequisites of the cell's model, whoever commits it: waiting for another task that gets on with it is no hang. What others
# commit of their own cells says nothing about this one.
committed() {
  local folders=("$out/cells" "$out/prerequisites")
  [[ -z $cell ]] || folders=("$out/cells/$cell" "$out"/prerequisites/*/"$(model_of_cell)")
  find "${folders[@]}" -name '*.h5' 2>/dev/null | LC_ALL=C sort
}
model_of_cell() { local model=${cell#*/}; echo "${model%/*}"; }
new_files() { comm -13 <(echo "$1") <(committed); }  # COMMITTED-BEFORE
count() { grep -c . <<<"$1"; }
# "3 new file(s)"; of a task of an array also how many of them its cell only needs, and who else is at work on such.
news() { # NEW-FILES
  local text needed others
  text="$(count "$1") new file(s)"
  [[ -n $cell ]] || { echo "$text"; return; }
  needed=$(grep -cF "$out/prerequisites/" <<<"$1")
  ((needed == 0)) || text+=", $needed of them prerequisites of $(model_of_cell)"
  others=${waited_for:-$(others_at_work)}
  echo "$text${others:+; meanwhile $others}"
}

# Which prerequisites of the cell's model other processes make at the moment, by the folder's tokens: "moments.m is made by process
# 4711 on n2, job 12". Looked at when the task is told to end too: all tasks of an array may be told to at once.
waited_for=
others_at_work() {
  local token key text others=
  [[ -n $cell ]] || return 0
  for token in "$out/owners"/*."$(model_of_cell)".*.token; do
    key=${token##*/} key=${key%.*.token}
    text=$(cat "$token" 2>/dev/null)
    # Cells have tokens too, "cell.<method>+<model>+sample<k>".
    [[ ${key#*.} == "$(model_of_cell)" && ${text%%$'\n'*} == 'beat '*' running' ]] || continue
    ! grep -qx "job $job" <<<"$text" || continue
    others+="${others:+, }$key is made by $(sed -n 's/^process /&/p; s/^job /, &/p' <<<"$text" | tr -d '\n')"
  done
  echo "$others"
}

# Runs without progress in a row, over restarts of this job and over the jobs of its chain.
tries_file() { echo "$out/logs/slurm-${LETHE_CHAIN:-$job}.tries"; }
# Nothing counts from before the first run. A later job of a chain takes up what those before it have counted.
begin_tries() { [[ ${SLURM_RESTART_COUNT:-0} != 0 || -n ${LETHE_CHAIN:-} ]] || rm -f "$(tries_file)"; }
tries() { local n=0; [[ -r $(tries_file) ]] && read -r n <"$(tries_file)"; echo "${n:-0}"; }
set_tries() { # a count that cannot be kept could let the job come back for ever
  { mkdir -p "$out/logs" && echo "$1" >"$(tries_file)"; } 2>/dev/null && [[ $(tries) == "$1" ]] && return
  cannot_write "$out/logs"
}

seconds_of() { date -d "$1" +%s 2>/dev/null || echo 0; }
limit_seconds() { # a time limit as Slurm writes it: [days-]hours:minutes:seconds
  [[ $1 =~ ^(([0-9]+)-)?([0-9]+):([0-9]+):([0-9]+)$ ]] || { echo 0; return; }
  echo $(((10#${BASH_REMATCH[2]:-0} * 24 + 10#${BASH_REMATCH[3]}) * 3600 + 10#${BASH_REMATCH[4]} * 60 + 10#${BASH_REMATCH[5]}))
}

# Why Slurm sent TERM, as Slurm has it on record at that moment:
#   stop       the job goes on running: grace before pre-emption, or a signal by hand
#   requeued   it is back in the queue already: pre-emption, or an administrator
#   timeout    it has come to its time limit
#   preempted  another job takes its node, at once
#   unknown    Slurm does not answer
#   cancelled  somebody wants it to end. Slurm would grant such a job a requeue, so it must not be asked for one
why_terminated() {
  local said state end start limit
  said=$(slurm_says)
  state=$(field JobState <<<"$said") end=$(field EndTime <<<"$said") start=$(field StartTime <<<"$said")
  limit=$(limit_seconds "$(field TimeLimit <<<"$said")")
  case $state in
    '') echo unknown; return ;;
    RUNNING) echo stop; return ;;
    PENDING | REQUEUED | REQUEUE_HOLD) echo requeued; return ;;
    PREEMPTED) echo preempted; return ;;  # by PreemptMode=CANCEL, which puts nothing back
    TIMEOUT | DEADLINE) echo timeout; return ;;
    CANCELLED) echo cancelled; return ;;
  esac
  # Still completing, which hides what it was: a job that waits again has no end, one at its limit has used it up.
  if [[ $end == Unknown || $(field Restarts <<<"$said") -gt ${SLURM_RESTART_COUNT:-0} ]]; then
    echo requeued
  elif ((limit > 0 && $(seconds_of "$end") - $(seconds_of "$start") >= limit - 2)); then
    echo timeout
  elif is_being_preempted "$said"; then
    echo preempted
  else
    echo cancelled
  fi
}

# Slurm is about to take the node for another job.
is_being_preempted() { # WHAT-SLURM-SAYS
  local when
  when=$(field PreemptTime <<<"$1")
  [[ -n $when && $when != None ]]
}

# The job of the chain before was cancelled, and with it what comes after.
leave_a_cancelled_chain() {
  [[ -n ${LETHE_AFTER:-} ]] || return 0
  [[ $(scontrol show job "$LETHE_AFTER" 2>/dev/null) == *JobState=CANCELLED* ]] || return 0
  say "job $LETHE_AFTER before this one was cancelled, and so is this one"
  scancel "$job"
  sleep 60
  exit 75
}

# The jobs of the chain that wait for this one, and for those. The last one goes first, so that none is set free by the end of
# the one before it.
end_chain() {
  [[ ${LETHE_REQUEUE:-yes} == no ]] || return 0
  local waiting known=" $job " id dependency later=
  waiting=$(squeue -h --me -t PD -o '%i %E' 2>/dev/null)
  while read -r id dependency; do
    [[ $dependency =~ ^afternotok:([0-9]+) && $known == *" ${BASH_REMATCH[1]} "* ]] || continue
    known+="$id "
    later="$id $later"
  done < <(sort -n <<<"$waiting")
  # shellcheck disable=SC2086
  [[ -z $later ]] || { say "the rest of the chain leaves the queue: $later"; scancel $later; }
}

# What is left when a job ends before its work does. `ending`: why_terminated's words, "USR1" (the time limit is near, or
# pre-emption with the user's signal), or "" if nobody asked it to stop. Never returns.
leave_unfinished() { # COMMITTED-AT-START
  local files got news
  files=$(new_files "$1") got=$(count "$files") news=$(news "$files")
  case $ending in
    cancelled) say "cancelled: not put back into the queue; $news, to go on, submit it again"; exit 75 ;;
    requeued) say "Slurm has put it back into the queue; $news"; exit 75 ;;
  esac
  if ((got > 0)); then
    set_tries 0
  else
    set_tries $(($(tries) + 1))
    if (($(tries) >= 2)); then
      say "nothing was committed in $(tries) runs in a row: not put back into the queue ($news). $(why_nothing)"
      end_chain
      exit 75
    fi
  fi
  if [[ ${LETHE_REQUEUE:-yes} == no ]]; then
    say "$news; the next job of the chain, or another submission, goes on"
    exit 75
  fi
  # A job that exits 0 within its grace time counts as completed and is not requeued; so it asks, and waits to be ended.
  if scontrol requeue "$record"; then
    say "back in the queue; $news"
    sleep 300
  else
    say "cannot be requeued; $news. Submit it again to go on, or use slurm/submit --chain"
  fi
  exit 75
}

# Why the newest run committed nothing, by what it left: tasks that failed, a request to stop without an answer, the coordinator's
# last look. A program that answers is at work, and was on its way to the first file.
why_nothing() {
  local failures hung lines="this file and $out/logs/ have the last lines"
  [[ -z $cell ]] || lines="its last lines are above"
  failures=$(failures_of_run) hung=$(why_hung)
  if [[ -n $failures ]]; then
    echo "Tasks failed in this run ($failures): \`lethe status $out\` says which, $out/logs/ why"
  elif [[ -n $hung ]]; then
    echo "It hangs: $hung; $lines"
  elif [[ -z $ending || -n $cell && $code != 75 ]]; then
    echo "It ended by itself: $lines"
  else
    echo "It was told to stop ($ending) before the first file$(how_far): the time is too short for it; give it more (--time), or commit" \
      "more often (checkpoint_every); $lines"
  fi
}

began_utc() { date -u -d "@$began" +%FT%TZ; }
# Of events.jsonl, which runs append to, what is behind the last start, if that is the newest run's. Tasks of an array write none.
events_of_run() {
  local start time
  [[ -z $cell ]] || return 0
  start=$(grep -n '"event":"start"' "$out/events.jsonl" 2>/dev/null | tail -n 1)
  time=$(sed 's/.*"time":"\([^"]*\)".*/\1/' <<<"$start")
  [[ -n $start && ! $time < $(began_utc) ]] || return 0
  tail -n "+${start%%:*}" "$out/events.jsonl"
}

# What a sweep says of tasks that it ended because they had not stopped within 150 s.
unanswered='"reason":"the sweep ends'
# "2 crash, 1 hang"; the others' failures, by class.
failures_of_run() {
  events_of_run | grep '"event":"failed"' | grep -v "$unanswered" | sed -n 's/.*"class":"\([a-z]*\)".*/\1/p' |
    sort | uniq -c | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), $1, $2 }'
}
# Empty where nothing tells a hang.
why_hung() {
  local events
  events=$(events_of_run)
  if [[ $events == *"$unanswered"* ]]; then
    echo "told to stop, tasks had not within 150 s (or a single step takes longer)"
  elif [[ $events == *'"event":"end"'* ]]; then
    :  # it came to its end in order; what is left over is the launcher
  elif [[ -n $is_silent ]]; then
    echo "it gave no sign of life, and was ended"
  elif ((${last_told:-0} > ${first_told:-0})); then
    echo "told to stop, it had not within $((last_told - first_told)) s (or a single step takes longer)"
  fi
}
# How far a run came that was told to stop.
how_far() {
  local events made
  events=$(events_of_run) made=$(uncommitted)
  if [[ -z $cell && -z $events ]]; then
    echo ", and before a sweep had begun"
  elif ((made > 0)); then
    echo ", with $made edit(s) made and not committed"
  elif [[ -n $cell || $events == *'"event":"end"'* ]]; then
    echo ", and did stop"
  else
    echo ", and none of its tasks was found to hang"
  fi
}
# Edits that the newest run's last status.json has beyond what is committed.
uncommitted() {
  local time made=
  time=$(sed -n 's/^ "time": "\(.*\)".*/\1/p' "$out/status.json" 2>/dev/null)
  [[ -n $cell || $time < $(began_utc) ]] || made=$(sed -n 's/^  "uncommitted": \([0-9]*\).*/\1/p' "$out/status.json")
  echo "${made:-0}"
}
