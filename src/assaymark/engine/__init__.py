"""The engine: plans what a policy needs, runs it over the subjects, and merges the evidence."""
