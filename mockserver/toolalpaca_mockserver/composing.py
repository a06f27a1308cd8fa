"""Bodies as an engine composes them, in the light of a session."""

from __future__ import annotations

from typing import Final

from toolalpaca.openapi.model import Example
from toolalpaca_mockserver.engines import Commission, Composed, Earlier, Engine
from toolalpaca_mockserver.engines.shortening import shortened
from toolalpaca_mockserver.json_text import canonical
from toolalpaca_mockserver.plan import Arguments, OperationPlan, ResponseBody
from toolalpaca_mockserver.problems import without_secrets
from toolalpaca_mockserver.state.context import Context

_LONGEST_TOLD: Final = 500
"""Characters of a request, and of its answer, that a model is told later."""


class Composer:
    """Has an engine compose bodies.

    Args:
        engine: Composes them.
        context: What it is told of sessions.
    """

    def __init__(self, engine: Engine, context: Context) -> None:
        self.engine = engine
        self.context = context

    async def compose(
        self,
        plan: OperationPlan,
        arguments: Arguments,
        body: ResponseBody,
        key: str,
        session: str,
        examples: tuple[Example, ...] | None = None,
        index: int | None = None,
    ) -> Composed:
        """A value that *body* allows.

        Args:
            plan: Of the operation that was called.
            arguments: With what.
            body: What is to be composed.
            key: Tells this answer from others.
            session: Whose call it is; ``""`` for an answer that knows of none.
            examples: In place of those that *body* has.
            index: The place of the value among others like it.
        """
        known, earlier = await self.context.of_call(plan.operation, arguments, session)
        composed = await self.engine.compose(
            Commission(
                plan.operation,
                arguments,
                body.contract,
                plan.operation.name,
                key,
                index=index,
                examples=body.examples if examples is None else examples,
                known=known,
                earlier=earlier,
            )
        )
        if composed.asked and session:
            told = f"{plan.operation.method.upper()} {plan.operation.path}"
            said = without_secrets([arguments.path, arguments.query, arguments.body])
            answer = Earlier(
                f"{told} {shortened(said, _LONGEST_TOLD)}",
                shortened(composed.value, _LONGEST_TOLD),
                composed.asked,
                composed.key,
            )
            await self.context.remember(answer, session)
        return composed


def request_key(plan: OperationPlan, arguments: Arguments) -> str:
    """What tells this request from others: the same one is answered alike."""
    said = [arguments.path, arguments.query, arguments.body]
    return f"{plan.operation.name} {canonical(said)}"
