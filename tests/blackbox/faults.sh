# Sourced after checks.sh. Faults that a test asks for: calls of the C library that fail.

# build_faults: fault.so. Environment: FAULT_CALL (rename, fcntl), FAULT_PATH (part of the target's name, of rename),
# FAULT_FROM and FAULT_TO (the first and last of those calls that fail, counted from 1), FAULT_ERRNO, FAULT_PROGRAM (part of the program's path).
build_faults() {
  cat >fault.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long counted;

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int strikes(const char *call, const char *path) {
  char program[4096] = "";
  if (strcmp(setting("FAULT_CALL"), call) != 0 || !strstr(path, setting("FAULT_PATH"))) return 0;
  if (readlink("/proc/self/exe", program, sizeof program - 1) < 0 || !strstr(program, setting("FAULT_PROGRAM"))) return 0;
  const long number = __sync_add_and_fetch(&counted, 1);
  if (number < atol(setting("FAULT_FROM")) || number > atol(setting("FAULT_TO"))) return 0;
  errno = atoi(setting("FAULT_ERRNO"));
  return 1;
}

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
  return strikes("rename", to) ? -1 : real(from, to);
}

static int control(const char *name, int fd, int command, void *argument) {
  int (*real)(int, int, void *) = dlsym(RTLD_NEXT, name);
  if (command == F_DUPFD_CLOEXEC && strikes("fcntl", "")) return -1;
  return real(fd, command, argument);
}
int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  return control("fcntl", fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  return control("fcntl64", fd, command, argument);
}
C
  "${CC:-cc}" -shared -fPIC -w -o fault.so fault.c -ldl || { echo "no C compiler: skipped"; exit 77; }
}

# with_tmpfs SIZE SCRIPT...: SCRIPT in a mount namespace of its own, with a file system of that size at ./disk.
with_tmpfs() {
  local size=$1 namespace=-m
  shift
  mkdir -p disk
  [ "$(id -u)" -eq 0 ] || namespace=-Urm
  unshare $namespace true 2>/dev/null || { echo "no mount namespaces here: skipped"; exit 77; }
  unshare $namespace bash -c 'mount -t tmpfs -o size='"$size"' tmpfs disk || exit 77; '"$*"
}
