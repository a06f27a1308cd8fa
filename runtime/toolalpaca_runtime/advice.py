"""What to do about a response that is an error, said to the model before the response itself."""

from __future__ import annotations

_OF_STATUS = {
    400: "The API did not take the arguments: mend them as it says, or ask the user.",
    401: "The API does not know who is asking, which only the user can mend: tell them.",
    403: "The user's credentials do not allow this: tell them.",
    404: "There is no such thing: check its id, or find it with another tool.",
    405: "The API does not do this here: use another tool.",
    409: "This conflicts with what is there: look at that first.",
    410: "This is gone: find another with another tool.",
    412: "What is there has changed: look at it again first.",
    422: "The API did not take the arguments: mend them as it says, or ask the user.",
    429: "The API wants fewer calls: go on without this one, or tell the user.",
}
_CLIENT_ERROR = "The API refuses this: change the call as it says, or tell the user."
_SERVER_ERROR = (
    "The API failed, which other arguments do not mend: try once more, or tell the user."
)


def advice_on(status: int) -> str:
    """What to change after a response with that *status* (RFC 9110, section 15), ``""`` for none.

    >>> advice_on(200)
    ''
    """
    if status < 400:
        return ""
    return _OF_STATUS.get(status, _CLIENT_ERROR if status < 500 else _SERVER_ERROR)
