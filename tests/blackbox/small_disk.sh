# Sourced after checks.sh, by tests of file systems that are full or take no writing.

# with_tmpfs OPTIONS SCRIPT...: SCRIPT in a mount namespace of its own, with a file system of those options (size=100m) at ./disk.
with_tmpfs() {
  local options=$1 namespace=-m
  shift
  mkdir -p disk
  [ "$(id -u)" -eq 0 ] || namespace=-Urm
  unshare $namespace true 2>/dev/null || { echo "no mount namespaces here: skipped"; exit 77; }
  unshare $namespace bash -c 'mount -t tmpfs -o '"$options"' tmpfs disk || exit 77; '"$*"
}
