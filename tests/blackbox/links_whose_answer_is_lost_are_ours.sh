# Over NFS the answer to a link may get lost: it is sent again, and "exists already" comes back though the name is ours. A sweep that hears this of
# every link owns its folder and ends with the bits of another; one whose name was really taken leaves with 69.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
command -v cc >/dev/null || exit 77
cat >shim.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* LINKED: a file that gets a byte for each link that was made and says that it was not. LINK_HOOK: a command that runs before `lethe` links its
   first token of a sweep; links then answer as they are. */
int link(const char* from, const char* to) {
  static int (*next)(const char*, const char*);
  static int has_run;
  const char* linked = getenv("LINKED");
  const char* hook = getenv("LINK_HOOK");
  int result, fd;
  if (!next) next = (int (*)(const char*, const char*))dlsym(RTLD_NEXT, "link");
  if (hook && !has_run && strstr(to, "/owners/sweep.") && !strcmp(program_invocation_short_name, "lethe")) {
    has_run = 1;
    if (system(hook) != 0) abort();
  }
  result = next(from, to);
  if (result != 0 || !linked) return result;
  fd = open(linked, O_WRONLY | O_APPEND);
  if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0) abort();
  errno = EEXIST;
  return -1;
}
C
cc -shared -fPIC -w -o shim.so shim.c -ldl || exit 77
copy_model M
write_config c.yaml "$PWD/M" ft-c 4
expect_rc 0 "$L" sweep c.yaml --out sound
: >linked
expect_rc 0 env LINKED="$PWD/linked" LD_PRELOAD="$PWD/shim.so" "$L" sweep c.yaml --out out
[ "$(cat out/STATE)" = COMPLETE ] || fail "STATE is $(cat out/STATE)"
# The token, and of the one cell four segments and four snapshots at least.
[ "$(wc -c <linked)" -ge 9 ] || fail "only $(wc -c <linked) links were met"
[ -z "$(find out -name '.*.tmp')" ] || fail "left behind: $(find out -name '.*.tmp')"
expect_rc 0 "$L" verify --same sound out
expect_rc 0 "$L" verify out

# Between a sweep's look at an empty folder and its link another one takes the name.
write_config long.yaml "$PWD/M" ft-c 60
cat >other.sh <<OTHER
unset LD_PRELOAD LINK_HOOK
"$L" sweep "$PWD/long.yaml" --out "$PWD/taken" >other 2>&1 </dev/null &
echo \$! >other.pid
for _ in \$(seq 300); do [ -e "$PWD/taken/experiment.json" ] && exit 0; sleep 0.1; done
exit 1
OTHER
expect_rc 69 env LINK_HOOK="bash other.sh" LD_PRELOAD="$PWD/shim.so" "$L" sweep long.yaml --out taken
expect_text 'another sweep is running in this folder'
for _ in $(seq 600); do kill -0 "$(cat other.pid)" 2>/dev/null || break; sleep 0.1; done
[ "$(cat taken/STATE)" = COMPLETE ] || fail "the owner did not come to its end: $(cat taken/STATE) $(tail -n 5 other)"
expect_rc 0 "$L" verify --digests taken
