#!/bin/sh
# Audits the sample twice, once as it is and once cleaned; signs, verifies and gates. Called by `make demo`.
# Shows each command before it runs, and fails if one ends otherwise than it should.
set -eu

BIN=${BIN:-.venv/bin}
OUT=demo-out
PATH="$BIN:$PATH"

run() { # run STATUS COMMAND…
  expected=$1
  shift
  printf '\n$ %s\n' "$*"
  status=0
  "$@" || status=$?
  if [ "$status" -ne "$expected" ]; then
    echo "error: expected exit status $expected, got $status" >&2
    exit 70
  fi
  printf '(exit status %s)\n' "$status"
}

say() { printf '\n== %s\n' "$*"; }

rm -rf "$OUT"
mkdir "$OUT"

say "A key for this demo. Yours would have a passphrase."
run 0 assaymark keys new "$OUT/key.pem" --no-passphrase

say "Support conversations with planted card numbers, hidden text and broken lines: denied."
run 1 assaymark audit sample/policy.yaml --dataset sample/support.jsonl --out "$OUT/denied" --key "$OUT/key.pem"

say "The same conversations, cleaned: admitted."
run 0 assaymark audit sample/policy.yaml --dataset sample/clean/support.jsonl --out "$OUT/admitted" --key "$OUT/key.pem"

say "Who says what about which bytes?"
run 0 assaymark verify "$OUT/admitted" --key "$OUT/key.pem.pub"

say "The gate believes this key, under this policy, and computes the digest of what is deployed."
digest=$(assaymark policy check sample/policy.yaml --json |
  python -c 'import json, sys; print(json.load(sys.stdin)["policy"]["sha256"])')
cat > "$OUT/trust.yaml" <<TRUST
apiVersion: assaymark/v1
kind: Trust
keys:
  - {name: demo, publicKey: key.pem.pub, roles: [auditor]}
policies:
  allow: ["sha256:$digest"]
TRUST
run 0 assaymark gate "$OUT/admitted" --trust "$OUT/trust.yaml" --subject sample/clean/support.jsonl
run 1 assaymark gate "$OUT/denied" --trust "$OUT/trust.yaml" --subject sample/support.jsonl

say "Read the reports in a browser:"
echo "  $PWD/$OUT/denied/report.html"
echo "  $PWD/$OUT/admitted/report.html"
