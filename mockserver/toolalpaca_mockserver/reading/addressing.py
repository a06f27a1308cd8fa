"""Where in an API a request leads: its path below whatever stands in front of the document's."""

from __future__ import annotations


def split_path(template: str, path: str) -> tuple[str, str]:
    """What stands in front of an operation's path, and the path itself, as it was sent.

    A value never holds a slash that is not percent-encoded, so that the path of an operation has
    as many segments as its template.

    >>> split_path("/pets/{petId}", "/shop/v1/pets/a%2Fb")
    ('/shop/v1', '/pets/a%2Fb')
    """
    plain = template.partition("#")[0].partition("?")[0]
    count = len([segment for segment in plain.split("/") if segment])
    slash = "/" if path.endswith("/") else ""
    segments = path.strip("/").split("/")
    if count == 0:
        return path.rstrip("/"), "/"
    front, own = segments[:-count], segments[-count:]
    return "".join("/" + segment for segment in front), "/" + "/".join(own) + slash
