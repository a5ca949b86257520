"""Other people's APIs, answered by a guard; see `docs/apis.md`."""

from assaymark.guard.apis.contract import Api, Call, Reply

__all__ = ["Api", "Call", "Reply"]
