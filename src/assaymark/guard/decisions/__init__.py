"""
What a guard decided, kept so that nobody can take it back: see `docs/decision-log.md`.

    entry       what is logged                                         pure
    journal     acknowledged, and not yet under a checkpoint
    log         many requests, one writer
    recorder    from a decision to the log, or to a refusal
    search      finding entries in a log that holds
    metrics     counters, and how Prometheus reads them
"""
