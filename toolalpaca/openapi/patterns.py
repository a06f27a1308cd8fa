"""Regular expressions of other dialects, read as what the validator can compile.

JSON Schema means ECMA-262; authors write what their own language takes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from toolalpaca.openapi.validation import compiles

_LITERAL = re.compile(r"/(\^.*\$|\^.*|.*\$)/[dgimsuvy]*", re.DOTALL)
_REPAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    # ECMA-262 (Annex B) takes a hyphen after a class escape as itself: [\w-.]
    (re.compile(r"(\\[dDsSwW])-(?=[^\]])"), r"\1\\-"),
    (re.compile(r"(?<=[^\\])-(?=\\[dDsSwW])"), r"\\-"),
    # ... and a brace that opens no quantifier.
    (re.compile(r"(?<!\\)\{(?!\d+(,\d*)?\})(?![^\[]*\])"), r"\\{"),
    # Other dialects' end of text.
    (re.compile(r"(?<!\\)\\Z"), r"$"),
)


@lru_cache(maxsize=4096)
def mend_pattern(pattern: str) -> str | None:
    r"""*pattern* if it compiles, else its nearest reading that does, else None.

    >>> mend_pattern(r"^[\w-.]+$")
    '^[\\w\\-.]+$'
    >>> mend_pattern("/^[a-z]+$/i")  # a JavaScript literal: strictly, it begins with a slash
    '^[a-z]+$'
    >>> mend_pattern("(") is None
    True
    """
    literal = _LITERAL.fullmatch(pattern)
    if literal:
        pattern = literal[1]
    if compiles(pattern):
        return pattern
    for wrong, right in _REPAIRS:
        pattern = wrong.sub(right, pattern)
        if compiles(pattern):
            return pattern
    return None
