"""The policy: the only reader of YAML, the language, and the decision."""
