# What a user types is what messages speak of: verbs near to a typo, usage lines of lethe, a cause instead of a parser's error.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
expect_rc 2 "$L" swep c.yaml && expect_text 'no verb "swep"; did you mean "sweep"\?'
expect_rc 2 "$L" reprot s && expect_text 'did you mean "report"\?'
expect_rc 2 "$L" diagnose recal && expect_text 'did you mean "recall"\?'
for verb in cell edit report verify stats train-mend export generate samples diagnose; do
  expect_rc 0 "$L" $verb --help && expect_text "lethe $verb"
  ! grep -q lethe-executor told || fail "$verb --help names lethe-executor"
done
copy_model M && write_config c.yaml M ft-c 2
for files in 8 10 12 16 24 40; do
  (ulimit -n $files; "$L" plan c.yaml > told 2>&1 </dev/null)
  ! grep -q 'json.exception' told || fail "a parser's words with $files open files"
  ! grep -q '^lethe: inspection: ' told || fail "no cause with $files open files"
done
sed "s/device: cpu/device: CUDA/" c.yaml >capitals.yaml
expect_rc 2 "$L" plan capitals.yaml && expect_text "did you mean .cuda."
