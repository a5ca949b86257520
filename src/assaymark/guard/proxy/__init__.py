"""A server that speaks the APIs of models and guards what passes; see `docs/proxy.md`."""
