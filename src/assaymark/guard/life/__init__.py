"""
Policies at work: loaded anew when they change, one for each tenant, tried beside others, switched off.

    plan        which policy holds for whom                            pure
    leases      a guard in use, closed when the last request is over
    watching    a policy's files, and the last version that was good
    switch      a file that stops everything, or lets everything pass
    canary      which share of the conversations a new policy gets     pure
    collecting  what a request consisted of, for a shadow
    shadow      what policies that do not act would have decided
    source      all of it as a server asks for it
    redecide    a logged decision under another policy                 pure
    replay      a whole log under another policy

`docs/policy-life.md` describes it.
"""
