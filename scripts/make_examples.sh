#!/bin/sh
# Makes reports/examples anew for the version at hand, from the sample. The key is thrown away afterwards:
# nobody can sign another report in its name. Run once for each release; older examples stay as they are.
set -eu

BIN=${BIN:-.venv/bin}
VERSION=$("$BIN/assaymark" --version | sed 's/.* //')
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$BIN/assaymark" keys new "$WORK/key.pem" --no-passphrase --quiet
for each in denied:sample/support.jsonl admitted:sample/clean/support.jsonl; do
  out="reports/examples/$VERSION-support-${each%%:*}"
  "$BIN/assaymark" audit sample/policy.yaml --dataset "${each#*:}" --out "$WORK/out" --key "$WORK/key.pem" \
    --quiet >"$WORK/said" || [ "${each%%:*}" = denied ]
  mkdir -p "$out"
  for name in report.sigstore.json evidence.json report.html report.md; do cp "$WORK/out/$name" "$out/"; done
  cp "$WORK/key.pem.pub" "$out/auditor.pub"
  "$BIN/assaymark" verify "$WORK/out" --key "$WORK/key.pem.pub" |
    sed -n 's/^decided *\([^,]*\),.*/\1/p' >"$out/decided-at.txt"
  rm -rf "$WORK/out"
done
