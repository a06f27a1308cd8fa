"""A tool that has a schema and no operation behind it: checked and answered like the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.validation import Validator
from toolalpaca.redaction import Redactor
from toolalpaca.trace import Call
from toolalpaca_runtime.checking import Checked, check_arguments
from toolalpaca_runtime.observation import LONGEST_BODY, Observation, Payload
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.shortening import shortened
from toolalpaca_runtime.tools.source import qualified
from toolalpaca_runtime.user import Approve, PendingCall


class DescribedTool:
    """A tool as its spec describes it.

    Args:
        spec: What the model sees.
        source: The name of the source that it is from.
        safe: Whether it changes nothing.
    """

    def __init__(self, spec: ToolSpec, *, source: str, safe: bool) -> None:
        self.spec = spec
        self.safe = safe
        self._names = (spec.name, qualified(source, spec.name))

    @property
    def places(self) -> Mapping[str, Any]:
        """The arguments, by name."""
        properties: Mapping[str, Any] = self.spec.parameters.get("properties", {})
        return properties

    @cached_property
    def validator(self) -> Validator:
        """Checks arguments."""
        return Validator(self.spec.parameters)

    def is_free(self, policy: Policy) -> bool:
        """Whether calls change nothing and are allowed without asking."""
        return self.safe and policy.verdict(*self._names, safe=True) == "allow"

    async def admitted(
        self, call: Call, policy: Policy, approve: Approve
    ) -> tuple[Checked, bool | None] | Observation:
        """The arguments that may be used and what the user said, or why the call is not made.

        Args:
            call: What the model wants.
            policy: Whether it may.
            approve: Asks the user.
        """
        verdict = policy.verdict(*self._names, safe=self.safe)
        if verdict == "deny":
            return self._refused(call, "it is forbidden here", None)
        checked = check_arguments(self, call.arguments)
        if checked.problems:
            return self.unfit(checked.problems)
        if verdict == "allow":
            return checked, None
        approved = await approve(PendingCall(call.tool, checked.arguments))
        if approved:
            return checked, True
        reason = "the user has not allowed that" if approved is None else "the user said no"
        return self._refused(call, reason, approved)

    def _refused(self, call: Call, reason: str, approved: bool | None) -> Observation:
        what = "is not to be called" if self.safe else "may change something"
        text = f"Refused: {call.tool} {what}, and {reason}. Nothing was done."
        return Observation(text, "runtime", approved=approved)

    def unfit(self, problems: tuple[str, ...]) -> Observation:
        """What a model is told of arguments that do not fit."""
        listed = "".join(f"\n- {problem}" for problem in problems)
        text = f"The arguments of {self.spec.name} do not fit. Mend this:{listed}"
        return Observation(text, "validator")


def told(
    value: Any, *, approved: bool | None = None, redact: Redactor | None = None
) -> Observation:
    """The observation of a tool's result: a text as it is, any other value as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = redact(text) if redact else text
    shown, note = shortened(text, LONGEST_BODY)
    if not note:
        return Observation(shown or "(empty)", "real", approved=approved)
    kind = "text/plain" if isinstance(value, str) else "application/json"
    payload = Payload(kind, text.encode("utf-8", "replace"), binary=False)
    shown = f"(Shortened: {note}.)\n{shown}"
    return Observation(shown, "real", payload=payload, approved=approved)
