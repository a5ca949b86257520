"""Personal data by Presidio's recognizers. Presidio itself is imported only when a policy uses it."""
