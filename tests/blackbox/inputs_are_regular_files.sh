# A Git LFS or Xet pointer is told as what it is wherever a file is opened, and a pipe is refused instead of waited for.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
inputs() {
  rm -rf in M && mkdir in && copy_model M && cp "$A"/world/counterfact.json in/records.json && cp "$A"/world/samples.json in/samples.json
  cp "$A"/world/corpus.txt in/corpus.txt && cp "$A"/world/tasks/sentiment.json in/examples.json
  printf 'Once upon a time\n' > in/contexts.txt
  sed "s#^examples:.*#examples: in/examples.json#" "$R"/configs/tasks/small_sentiment.yaml > task.yaml
  cat "$R"/configs/methods/rome/small-gpt2.yaml > rome.yaml && echo "contexts_file: in/contexts.txt" >> rome.yaml
  RECORDS=in/records.json SAMPLES=in/samples.json write_config c.yaml M rome 1 "second_moments: {corpus: in/corpus.txt}, "
  sed -i "s#rome: [^}]*}#rome: rome.yaml}#" c.yaml && echo "tasks: [task.yaml]" >> c.yaml
}
inputs && chmod -R u+w in && expect_rc 0 "$L" plan c.yaml
for name in records.json samples.json corpus.txt examples.json contexts.txt; do
  inputs && rm -f in/$name
  printf 'version https://git-lfs.github.com/spec/v1\noid sha256:24\nsize 5789392\n' > in/$name
  expect_rc 2 "$L" plan c.yaml
  expect_text "in/$name: is a Git LFS pointer.*git lfs pull"
  printf '# xet version 0\nfilesize = 5\nhash = "a"\n' > in/$name
  expect_rc 2 "$L" plan c.yaml
  expect_text "in/$name: is a Xet pointer"
  rm in/$name && mkfifo in/$name
  expect_rc 2 timeout 60 "$L" plan c.yaml
  expect_text "in/$name: is a pipe"
done
inputs && sed -i 's/device: cpu/device: gpu/' c.yaml
expect_rc 2 "$L" plan c.yaml
expect_text "device: expected cpu or cuda, found \"gpu\"; a GPU is device: cuda"
if [ ! -e /dev/nvidia0 ]; then
  inputs && sed -i 's/device: cpu/device: cuda/' c.yaml
  expect_rc 2 "$L" plan c.yaml
  expect_text "device: cuda, but "
fi
