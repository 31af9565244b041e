# A segment that cannot be read is tried again, never put aside; one that is damaged is edited again alone, and the chain is joined.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
command -v cc >/dev/null || exit 77
cat >fault.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* The first opening of a file whose path holds FAULT_PATH, by the program whose name holds "executor", fails with EIO. */
static int is_hit(const char* path) {
  static int count = 0;
  const char* wanted = getenv("FAULT_PATH");
  if (!wanted || !strstr(program_invocation_name, "executor") || !strstr(path, wanted)) return 0;
  return __sync_fetch_and_add(&count, 1) == 0;
}
#define OPEN(name)                                                                          \
  int name(const char* path, int flags, ...) {                                              \
    static int (*next)(const char*, int, ...);                                              \
    va_list list;                                                                           \
    va_start(list, flags);                                                                  \
    mode_t mode = va_arg(list, int);                                                        \
    va_end(list);                                                                           \
    if (!next) next = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, #name);              \
    if (is_hit(path)) return errno = EIO, -1;                                               \
    return next(path, flags, mode);                                                         \
  }
OPEN(open)
OPEN(open64)
C
cc -shared -fPIC -w -o fault.so fault.c -ldl || exit 77
copy_model M
moments="second_moments: {corpus: $A/world/corpus.txt, max_documents: 300}, "
quarantined() { find "$1" -path '*quarantine*.h5' | wc -l; }
for method in rome ft-c; do
  write_config c.yaml M $method 6 "$moments" && sed 's/^edits: 6/edits: 4/' c.yaml >begun.yaml
  expect_rc 0 "$L" sweep c.yaml --out $method-sound
  expect_rc 0 "$L" sweep begun.yaml --out $method-read
  expect_rc 0 env FAULT_PATH=segment-0000001 LD_PRELOAD="$PWD/fault.so" LETHE_RETRY_SECONDS=0.1 "$L" sweep c.yaml --out $method-read --ranks 1
  [ "$(quarantined $method-read)" -eq 0 ] || fail "$method: a file that could not be read was put aside"
  expect_rc 0 "$L" verify --same $method-sound $method-read

  for lost in 1 3; do
    expect_rc 0 "$L" sweep begun.yaml --out $method-$lost
    victim=$(ls $method-$lost/cells/$method/m/sample0/*/segment-000000$lost-*)
    ls $method-$lost/cells/$method/m/sample0/*/segment-* | grep -v "$victim" >others
    printf x >>"$victim"
    expect_rc 0 "$L" sweep c.yaml --out $method-$lost
    while read -r other; do [ -e "$other" ] || fail "$method: $other was taken along by segment $lost"; done <others
    [ "$(quarantined $method-$lost)" -eq 1 ] || fail "$method: $(quarantined $method-$lost) files in quarantine instead of the damaged one"
    expect_rc 0 "$L" verify --same $method-sound $method-$lost
  done
done
# What a former owner published late leaves the sweep as soon as one runs again: here another run's segment of an edit that the chain has.
write_config c.yaml M rome 6 "$moments"
expect_rc 0 "$L" sweep c.yaml --out again
cp again/cells/rome/m/sample0/*/segment-0000002-* rome-sound/cells/rome/m/sample0/*/
expect_rc 1 "$L" verify --digests rome-sound && expect_text 'its edits are in the chain of segments already'
expect_rc 0 "$L" sweep c.yaml --out rome-sound
[ "$(quarantined rome-sound)" -eq 1 ] || fail "the late segment is not in quarantine"
expect_rc 0 "$L" verify rome-sound
