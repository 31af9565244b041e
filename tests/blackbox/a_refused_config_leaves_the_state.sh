# A config that is refused says nothing about a folder whose sweep came to its end.
. "$(dirname "$(readlink -f "$0")")/checks.sh"
copy_model M
write_config c.yaml "$PWD/M" ft-c 1
expect_rc 0 "$L" sweep c.yaml --out out
{ cat c.yaml; echo "edit: 3"; } >unknown-key.yaml
sed 's/^edits: 1/edits: [/' c.yaml >malformed.yaml
sed 's#samples: [^}]*}#samples: /no/such/file}#' c.yaml >missing-input.yaml
sed 's/^seed: 37/seed: 38/' c.yaml >other-settings.yaml
for config in unknown-key malformed missing-input other-settings; do
  expect_rc 2 "$L" sweep $config.yaml --out out
  [ "$(cat out/STATE)" = COMPLETE ] || fail "$config: STATE $(cat out/STATE)"
done
echo INCOMPLETE >out/STATE
expect_rc 2 "$L" sweep unknown-key.yaml --out out
[ "$(cat out/STATE)" = CONFIG_ERROR ] || fail "of an unfinished folder: STATE $(cat out/STATE)"
