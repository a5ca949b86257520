"""The command line: parse, call the library, show, exit. No logic."""
