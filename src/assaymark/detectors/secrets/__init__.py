"""Keys, tokens, connection strings, private keys and passwords, by their structure."""
