# What the monitor keeps is what numpy makes of the exported weights; interrupted it has the same bits, and a finished sweep gets it alone.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
needs_h5py
copy_model M
tail -n 40 "$A/world/corpus.txt" >held-out.txt

for method in ft-c rome; do
  moments=
  [ $method = rome ] && moments="second_moments: {corpus: $A/world/corpus.txt, max_documents: 400}, "
  write_config $method.yaml "$PWD/M" $method 4 "$moments"
  sed -i 's/checkpoint_every: 1/checkpoint_every: 2/' $method.yaml

  # A sweep of before the monitor, and one that had it from the beginning.
  expect_rc 0 "$L" sweep $method.yaml --out $method
  (cd $method && find cells -type f | sort) >before
  printf 'monitor_every: 2\nmonitor_text: %s\nmonitor_tokens: 300\n' "$PWD/held-out.txt" >>$method.yaml
  expect_rc 0 "$L" plan $method.yaml --out $method && expect_text 'monitor every 2' && expect_text 'monitor at 2 checkpoint'
  LETHE_FAULT=reduce.measure:kill:2 LETHE_RETRY_SECONDS=0.05 "$L" sweep $method.yaml --out $method >told 2>&1 </dev/null
  grep -q "strikes" told $method/logs/* || fail "the fault did not strike"
  expect_rc 0 "$L" sweep $method.yaml --out $method
  (cd $method && find cells -type f | sort) >after
  comm -13 before after | sed 's#.*/##' >new
  [ -z "$(comm -23 before after)" ] || fail "files of before are gone"
  [ "$(sed 's/-[0-9a-f]*-[0-9a-f]*\.h5$//' new | xargs)" = "monitor-0000002 monitor-0000004" ] || fail "new files: $(cat new)"
  expect_rc 0 "$L" sweep $method.yaml --out $method-undisturbed
  expect_rc 0 "$L" verify --same $method $method-undisturbed
  expect_rc 0 "$L" verify $method

  for edits in 2 4; do
    expect_rc 0 "$L" export $method --cell $method/m/sample0 --edits $edits --to exported-$method-$edits
    expect_rc 0 $python "$R/tests/blackbox/monitor_by_numpy.py" $method/cells/$method/m/sample0/*/monitor-000000$edits-* \
      exported-$method-$edits M held-out.txt 300
  done
done

expect_rc 0 "$L" report rome --no-figures
grep -q '^rome/m/sample0,rome,m,0,perplexity.fixed_text,0,[0-9]' rome/report/curves.csv || fail "no perplexity of the unedited model"
grep -q '^rome/m/sample0,rome,m,0,spectral_ratio.transformer.h.[0-9].mlp.c_proj.weight,4,[0-9]' rome/report/curves.csv || fail "no spectral ratio"
grep -q 'held-out.txt' rome/report/summary.md || fail "the summary does not name the text"

# A text that cannot be read is told by the plan, with the remedy; another text is another part.
told_of() {
  sed "s#monitor_text: .*#monitor_text: $PWD/$1#" rome.yaml >other.yaml
  expect_rc 2 "$L" plan other.yaml --out rome && expect_text "$1: $2"
}
told_of nowhere.txt 'cannot be opened.*monitor_text: expected a UTF-8 text'
: >empty.txt && told_of empty.txt 'holds no document'
printf 'A town.\n\xff\n' >latin.txt && told_of latin.txt 'line 2, byte 1: is not UTF-8; convert the file'
sed 's/monitor_tokens: 300/monitor_tokens: 200/' rome.yaml >fewer.yaml
expect_rc 0 "$L" plan fewer.yaml --out rome && expect_text 'monitor at 2 checkpoint'
