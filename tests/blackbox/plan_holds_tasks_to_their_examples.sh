# A task whose examples and answer words do not fit each other is refused, with the place of the words in its file.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml M ft-c 1 && printf 'tasks_every: 1\ntasks: [task.yaml]\n' >> c.yaml
# task FIRST-WORD SECOND-WORD [LABELS...]: sentiment with other words, and examples of those labels.
task() {
  sed "s#^examples:.*#examples: ex.json#; s#word: \"positive\"#word: \"$1\"#; s#word: \"negative\"#word: \"$2\"#" "$R"/configs/tasks/small_sentiment.yaml > task.yaml
  shift 2
  python3 -c 'import json,sys; json.dump([{"sentence": "film %d" % i, "label": int(l)} for i, l in enumerate(sys.argv[1:])], open("ex.json", "w"))' "$@"
}
refused() {
  expect_rc 2 "$L" plan c.yaml
  expect_text "task.yaml:[0-9]+:.*answers: $1"
}
task positive negative 1 0 1; expect_rc 0 "$L" plan c.yaml
task positive negative 0 -1 -1; refused "no word has the label -1 of .*ex.json: entry 1 and 1 more.*unlabelled"
task positive negative 0 1 2; refused "no word has the label 2 of .*ex.json: entry 2"
task " positive" negative 0 1; refused ".*without blanks"
task "positive " negative 0 1; refused ".*without blanks"
task e negative 0 1; refused "\"e\" is searched before \"negative\", which holds it"
task acceptable "not acceptable" 0 1; refused "\"acceptable\" is searched before \"not acceptable\""
task "positively one of the very best of all" negative 0 1; refused "\"positively one.*tokens, but max_new_tokens is"
# The longer word first is found first.
task "not positive" positive 0 1; expect_rc 0 "$L" plan c.yaml
