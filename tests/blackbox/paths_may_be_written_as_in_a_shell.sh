# ~ and variables in paths, a task with other examples, and tabs called by their name.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
mkdir home && export HOME=$PWD/home WORLD=$A/world
cp "$A/world/samples.json" home/
RECORDS='$WORLD/counterfact.json' SAMPLES='~/samples.json' write_config c.yaml "\$PWD/M" ft-c 1
python3 - "$R/configs/tasks/small_sentiment.yaml" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
open("task.yaml", "w").write(re.sub("(?m)^examples:.*$", "examples: nowhere.json", text))
PYTHON
examples=$(python3 -c 'import os, re, sys; print(os.path.join(os.path.dirname(sys.argv[1]), re.search("(?m)^examples: *(.*)$", open(sys.argv[1]).read())[1]))' \
  "$R/configs/tasks/small_sentiment.yaml")
{ cat c.yaml; printf 'tasks:\n  - {file: task.yaml, examples: %s}\n' "$examples"; } >with-task.yaml
expect_rc 0 "$L" plan --strict with-task.yaml
{ cat c.yaml; printf 'tasks: [task.yaml]\n'; } >without.yaml
expect_rc 2 "$L" plan --strict without.yaml
sed 's/\$WORLD/$NO_SUCH_VARIABLE/' c.yaml >unset.yaml
expect_rc 2 "$L" plan unset.yaml
expect_text 'unset.yaml:5:.*dataset.records.*\$NO_SUCH_VARIABLE is not set'
sed 's/^  m:/\tm:/' c.yaml >tab.yaml
expect_rc 2 "$L" plan tab.yaml
expect_text "tab.yaml:7:1: the line is indented with a tab"
sed 's|\$WORLD/counterfact.json|"${WORLD:-else}/counterfact.json"|' c.yaml >operator.yaml
expect_rc 2 "$L" plan operator.yaml
expect_text '\$\{WORLD:-else\}: of variables only \$NAME and \$\{NAME\} are replaced; write the value out'
sed 's/~\/samples/~anna\/samples/' c.yaml >user.yaml
expect_rc 2 "$L" plan user.yaml
expect_text '~anna: homes of users are not looked up.*or \./~anna'
