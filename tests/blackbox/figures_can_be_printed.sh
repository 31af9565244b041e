# Figures come in the formats and at the width asked for, with captions; the page needs nothing from elsewhere; the tables compile.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M && write_config c.yaml M ft-c 5 && expect_rc 0 "$L" sweep c.yaml --out s
needs_figures() { for file in "$@"; do [ -s "s/report/figures/$file" ] || fail "no $file"; done; }
none_ends_with() { [ -z "$(find s/report/figures -name "*.$1")" ] || fail "there is a $1 file"; }
expect_rc 0 "$L" report s && expect_text '^page  .*index.html$'
needs_figures overview.{png,pdf,txt} {editing,downstream}-ft-c-m.{png,pdf,txt} forgetting-m.{png,pdf,txt} \
  samples/course-ft-c-m-sample0.{png,pdf,txt}
grep -q "windows of 5 edits" s/report/figures/editing-ft-c-m.txt || fail "the caption does not define the window"
[ "$(grep -o 'src="data:image/png;base64,' s/report/index.html | wc -l)" = 7 ] || fail "not every figure is in the page"
! grep -Eiq '<script|https?://|<link|url\(' s/report/index.html || fail "the page needs something from elsewhere"
# Pixels at 200 dpi: the width is that of paper.
wide() { python3 -c 'import struct, sys; print(struct.unpack(">I", open(sys.argv[1], "rb").read(20)[16:])[0])' "$1"; }
[ "$(wide s/report/figures/overview.png)" -ge 1259 ] || fail "not 160 mm wide"
expect_rc 0 "$L" report s --format svg,png --width column
needs_figures overview.{svg,png,txt} && none_ends_with pdf
[ "$(wide s/report/figures/overview.png)" -le 607 ] || fail "not 77 mm wide"
# Nothing is drawn again for the same request.
touch -d 2001-01-01 s/report/figures/overview.png && expect_rc 0 "$L" report s --format svg,png --width column
[ "$(date -r s/report/figures/overview.png +%Y)" = 2001 ] || fail "drawn again"
for wrong in "--width 39" "--width wide" "--width -80" "--format gif" "--format ../png"; do
  status=0 && "$L" report s $wrong >told 2>&1 || status=$?
  [ "$status" = 2 ] || fail "status $status of $wrong"
done
expect_rc 0 "$L" report s --no-figures
[ -s s/report/index.html ] && ! grep -q '<img' s/report/index.html || fail "the page without figures"
command -v pdflatex >/dev/null || exit 0
mkdir tex && cd tex || exit 1
expect_rc 0 pdflatex -interaction=nonstopmode -halt-on-error ../s/report/summary.tex
printf '\\documentclass{article}\\begin{document}Before.\\input{../s/report/summary}After.\\end{document}' > paper.tex
expect_rc 0 pdflatex -interaction=nonstopmode -halt-on-error paper.tex
