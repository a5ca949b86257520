"""The policy that the benchmarks of the guard put to work, by its rules."""

from __future__ import annotations

_POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {{name: bench, version: 1.0.0, owner: bench@example.org}}
requirements:
  - {{id: some, metric: records.count, at_least: 1, on: dataset}}
guard:
  input: {input}
  output: {output}
"""
PII = "[{detector: pii-patterns, do: redact}]"
QUICK = "[{detector: pii-patterns, do: redact}, {detector: secrets, do: redact}]"
VIEWED = "[{detector: pii, do: redact}, {detector: secrets, do: redact}]"
ENCODER = (
    "[{detector: pii-patterns, do: redact}, {detector: secrets, do: redact},"
    " {detector: harm, do: flag}]"
)


def policy_of(rules: str, *, output: str | None = None, detectors: str = "") -> str:
    """Return a policy with `rules` for requests, and for answers where these have no others.

    Args:
        rules: In YAML.
        output: Likewise.
        detectors: The section of that name, if there is one.
    """
    return detectors + _POLICY.format(input=rules, output=rules if output is None else output)
