# train-mend never ends with the editor that it began with, and ends soon when it is told to stop.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
python3 - "$R/configs/methods/mend/small-gpt2.yaml" "$A" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
text = re.sub(r"(?m)^editor:.*\n", "", text)
text = re.sub(r"(?ms)^training:.*?(?=^\S|\Z)", "", text)
training = "training: {records: %s/world/counterfact.json, max_iterations: %d, accumulate: %d, validation_every: 100, validation_edits: 2}\n"
open("few.yaml", "w").write(text + training % (sys.argv[2], 3, 10))
open("long.yaml", "w").write(text + training % (sys.argv[2], 1000000, 1000000))
PYTHON
for name in few long; do
  write_config $name-sweep.yaml "$PWD/M" mend 1
  sed -i "s#mend: [^}]*small-gpt2.yaml#mend: $PWD/$name.yaml#" $name-sweep.yaml
done
expect_rc 2 timeout 120 "$L" train-mend few-sweep.yaml --out few
expect_text "training: after 3 iterations no validation was better than that of the untrained editor"
[ -z "$(find few -name 'editor-*.h5')" ] || fail "an editor was written"
"$L" train-mend long-sweep.yaml --out long >told 2>&1 &
training=$!
for _ in $(seq 600); do grep -q 'stage=editor' told && break; sleep 0.1; done
kill -TERM $training
for _ in $(seq 300); do kill -0 $training 2>/dev/null || break; sleep 0.1; done
kill -9 $training 2>/dev/null && fail "it goes on after a stop"
wait $training
status=$?
[ $status -eq 75 ] || fail "exit status $status instead of 75"
