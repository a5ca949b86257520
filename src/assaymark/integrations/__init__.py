"""The guard inside other people's libraries; see `docs/integrations.md`."""
