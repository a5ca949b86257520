"""
A server's log, policies, numbers and alerts, from its settings to what the server is given.

    settings        what is asked for                                  pure
    settings_file   the same, in `serve.yaml`
    at_work         opened, started and closed together
    vault_watch     the file of pseudonyms, while it is used
    rehearsal       whether it could be opened
    application     the pages for operators, in front of the server

`docs/decision-log.md` and `docs/policy-life.md` describe it.
"""
