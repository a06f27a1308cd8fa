"""What may be called: at once, after asking, or never.

Methods that change nothing (RFC 9110, section 9.2.1) are called at once, all others after the user
has approved. Rules say otherwise for single tools; ``read_only`` is stronger than any rule.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias, get_args

SAFE_METHODS: Final = ("get", "head", "options", "trace")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

Verdict: TypeAlias = Literal["allow", "ask", "deny"]
_VERDICTS: Final[tuple[str, ...]] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for the tools that a pattern names.

    Attributes:
        pattern: A tool's name, with that of its source before it or without (``shop_deletePet``),
            or its method and path (``DELETE /pets/{petId}``), with ``*``, ``?`` and ``[...]`` as in
            file names; upper and lower case differ.
        verdict: What to do with their calls.
    """

    pattern: str
    verdict: Verdict

    def names(self, *names: str) -> bool:
        """Whether it is about the tool that has these *names*."""
        return any(fnmatchcase(name, self.pattern) for name in names)


def rule(text: str) -> Rule:
    """``PATTERN=allow``, ``=ask`` or ``=deny`` as the type of an argument."""
    pattern, _, verdict = text.rpartition("=")
    for known in get_args(Verdict):
        if verdict.strip() == known and pattern.strip():
            return Rule(pattern.strip(), known)
    raise ArgumentTypeError(
        f"a rule is written PATTERN={'|'.join(_VERDICTS)}, such as 'delete*=deny', not {text!r}"
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """Decides about calls.

    Attributes:
        unsafe: What holds for calls that may change something, where no rule says otherwise; None
            leaves it to the kind of API.
        rules: The last one that names a tool counts, as in ``.gitignore``.
        read_only: Never makes a call that may change something, whatever rules say.
    """

    unsafe: Verdict | None = None
    rules: tuple[Rule, ...] = ()
    read_only: bool = False

    def settled(self, *, simulated: bool) -> Policy:
        """The policy for an API: nothing can be harmed in one that is *simulated*."""
        return replace(self, unsafe=self.unsafe or ("allow" if simulated else "ask"))

    def verdict(self, *names: str, safe: bool) -> Verdict:
        """What to do with a call of the tool that has these *names*.

        Args:
            names: The tool's names, and its method and path where it has them.
            safe: Whether it changes nothing.
        """
        if self.read_only and not safe:
            return "deny"
        for known in reversed(self.rules):
            if known.names(*names):
                return known.verdict
        return "allow" if safe else (self.unsafe or "ask")
