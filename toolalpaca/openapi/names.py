"""Names for operations and documents: tool-safe, readable and unique."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

LONGEST_NAME = 64
"""Characters of the name of a tool or an argument that every model provider accepts."""

# OpenAI: [A-Za-z0-9_-]{1,64}. Anthropic takes the same. Gemini demands a letter or _ to begin with.
_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
# Anthropic: "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'".
_SAFE_ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UNSAFE_IN_ARGUMENT = re.compile(r"[^A-Za-z0-9_.-]+")
_TEMPLATE_PARAMETER = re.compile(r"\{([^{}]*)\}")


def is_tool_name(text: str) -> bool:
    """Whether *text* can be a tool's name as it stands.

    >>> is_tool_name("listPets"), is_tool_name("pets.list")
    (True, False)
    """
    return _SAFE_NAME.fullmatch(text) is not None


def tool_name(text: str) -> str:
    """*text* as a tool's name, ``""`` when nothing of it can be used.

    >>> tool_name("pets.list all"), tool_name("2fa")
    ('pets_list_all', '_2fa')
    """
    name = _UNSAFE.sub("_", text).strip("_-")
    if name[:1].isdigit():
        name = f"_{name}"
    return name[:LONGEST_NAME].rstrip("_-")


def argument_name(text: str) -> str:
    """*text* as the name of an argument, ``""`` when nothing of it can be used.

    >>> argument_name("filter[price]"), argument_name("X-Api.Version"), argument_name("名前")
    ('filter_price', 'X-Api.Version', '')
    """
    if _SAFE_ARGUMENT.fullmatch(text):
        return text
    return _UNSAFE_IN_ARGUMENT.sub("_", text).strip("_")[:LONGEST_NAME].rstrip("_")


def operation_name(method: str, path: str) -> str:
    """A tool's name made of method and path.

    >>> operation_name("get", "/pets/{petId}/photos")
    'get_pets_by_petId_photos'
    >>> operation_name("get", "/")
    'get'
    """
    readable = _TEMPLATE_PARAMETER.sub(r"by_\1", path)
    return tool_name(f"{method} {readable}") or method


def path_parameters(path: str) -> list[str]:
    """The names in a path template, in their order.

    >>> path_parameters("/pets/{petId}/photos/{n}")
    ['petId', 'n']
    """
    return [name for name in _TEMPLATE_PARAMETER.findall(path) if name]


def unique_name(
    wanted: str,
    taken: Collection[str],
    *,
    separator: str = "_",
    longest: int | None = None,
    numbers: dict[str, int] | None = None,
) -> str:
    """*wanted*, or *wanted* with the first number from 2 that makes it unique.

    Args:
        wanted: The name.
        taken: Names that cannot be had.
        separator: Stands before the number.
        longest: Characters that a name may have.
        numbers: Remembers, from call to call, where to go on counting: thousands may want one name.

    >>> unique_name("pet", {"pet", "pet_2"})
    'pet_3'
    """
    if wanted not in taken:
        return wanted
    for number in count(numbers.get(wanted, 2) if numbers else 2):
        suffix = f"{separator}{number}"
        stem = wanted if longest is None else wanted[: longest - len(suffix)]
        if stem + suffix not in taken:
            if numbers is not None:
                numbers[wanted] = number + 1
            return stem + suffix
    raise AssertionError("count() is endless")


def document_name(text: str) -> str:
    """A short identifier for a document, fit for a URL path.

    >>> document_name("Railway Booking (v2)")
    'railway-booking-v2'
    """
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:LONGEST_NAME] or "api"
