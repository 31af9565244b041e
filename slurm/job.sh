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

# For a run that committed nothing: hung, or too short for the first file?
why_nothing() {
  if tail -n 50 "$out/events.jsonl" 2>/dev/null | grep -q '"failed"'; then
    echo "Tasks failed or hung: \`lethe status $out\` says which, $out/logs/ why"
  elif [[ -n $ending ]]; then
    echo "It was told to stop ($ending) before the first file: the time is too short for it, or it hangs; give it more" \
      "(--time), or commit more often (checkpoint_every); $out/logs/ has the last lines"
  else
    echo "It ended by itself: this file and $out/logs/ have the last lines"
  fi
}
