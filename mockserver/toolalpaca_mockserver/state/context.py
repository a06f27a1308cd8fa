"""What an engine that sees the state is told of a session."""

from __future__ import annotations

from typing import Any

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.engines import Earlier, Engine
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state import history
from toolalpaca_mockserver.state.digest import Digester
from toolalpaca_mockserver.state.store import Store


class Context:
    """Tells an engine of sessions.

    Args:
        digester: Tells what is known.
        engine: Who is told.
        store: Where sessions are kept.
    """

    def __init__(self, digester: Digester, engine: Engine, store: Store) -> None:
        self.digester = digester
        self.engine = engine
        self.store = store

    async def of_call(
        self, operation: Operation, arguments: Arguments, session: str
    ) -> tuple[dict[str, Any], tuple[Earlier, ...]]:
        """What an engine is told of the session that answers a call in it: nothing if it is blind.

        Returns:
            A digest of what is remembered, and the engine's last answers.
        """
        if not self.engine.sees_state or not session:
            return {}, ()
        role = self.digester.resources.role(operation)
        async with self.store.open(session, reads=True) as world:
            known = await self.digester.of_call(world, operation, arguments, role)
            return known, await history.earlier(world, self.digester.name)

    async def remember(self, answer: Earlier, session: str) -> None:
        """Let later calls know what an engine has answered."""
        async with self.store.open(session) as world:
            await history.remember(world, self.digester.name, answer)
