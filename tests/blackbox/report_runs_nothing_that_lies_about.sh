# A report's folder and the folder that one stands in may hold anything: no module of theirs runs, nothing is written or removed through a link.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 2 && expect_rc 0 "$L" sweep c.yaml --out s
mkdir -p s/report
for module in h5py numpy json matplotlib sitecustomize; do
  echo "open('$work/TRAPPED', 'w'); raise SystemExit(0)" | tee s/report/$module.py > $module.py
done
echo "backend: no such backend" > matplotlibrc
PYTHONPATH=$work expect_rc 0 "$L" report s
[ ! -e TRAPPED ] || fail "a module that lay about was executed"
[ -s s/report/figures/overview.png ] || fail "no figures"
untouched() { [ "$(cat "$1" 2>&1)" = precious ] || fail "$1 was touched"; }
# A user's own picture, and a list that names files elsewhere.
mkdir -p pics/samples && for file in pics/photo.png pics/samples/photo.png pics/diary; do echo precious > $file; done
echo precious > s/report/figures/mine.png
printf '../../../pics/photo.png\n%s\nsamples/../../../../pics/photo.png\n' "$work/pics/photo.png" >> s/report/figures.txt
rm s/report/plot_figures.py && expect_rc 0 "$L" report s
untouched s/report/figures/mine.png && untouched pics/photo.png
# Links in the places of files are replaced, their targets are not.
for name in plot_figures.log plot_figures.py summary.md curves.csv curves.h5 figures.txt figures/overview.png; do
  rm -f s/report/$name && ln -s "$work/pics/diary" s/report/$name
done
expect_rc 0 "$L" report s && untouched pics/diary
[ ! -L s/report/figures/overview.png ] || fail "the link is still there"
# Links in the places of folders are refused by name.
for name in figures/samples figures; do
  rm -r s/report/$name && ln -s "$work/pics" s/report/$name && rm -f s/report/plot_figures.py
  expect_rc 1 "$L" report s && expect_text "report/$name: is a link"
  untouched pics/photo.png && untouched pics/samples/photo.png && [ ! -e pics/overview.png ] || fail "pics were written to"
  rm s/report/$name && mkdir s/report/$name
done
rm -r s/report && ln -s "$work/pics" s/report
expect_rc 1 "$L" report s && expect_text "s/report: is a link"
[ "$(find pics -type f | wc -l)" = 3 ] || fail "something was written through the link"
