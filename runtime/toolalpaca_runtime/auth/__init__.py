"""Credentials: found by security scheme, put into requests, and kept out of everything else.

A request is recorded *before* its credentials are put in (:meth:`Authorization.recorded` shows
``***`` in their place), and :class:`toolalpaca.redaction.Redactor` masks their values in whatever
comes back, because APIs echo what they were sent.
"""

from toolalpaca_runtime.auth.authorization import Authorization, authorize, lacking
from toolalpaca_runtime.auth.credentials import Credential, Credentials, credential, variable

__all__ = [
    "Authorization",
    "Credential",
    "Credentials",
    "authorize",
    "credential",
    "lacking",
    "variable",
]
