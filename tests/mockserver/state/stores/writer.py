"""A process that writes until it is told to stop: ``python writer.py URL SESSION COUNT``.

Each transaction adds one to two counters, which are thus always alike, and adds an item; its number
is printed when it has been acknowledged.
"""

import asyncio
import sys

from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.store import StoreUnavailable
from toolalpaca_mockserver.state.stores import StateUrl, store_at


async def main(url: str, session: str, count: int) -> None:
    store = store_at(StateUrl(url), Limits(items=None))
    await store.prepare()
    for _ in range(count):
        try:
            async with store.open(session) as world:
                found = await world.get("x:/first", "c") or {"n": 0}
                number = found["n"] + 1
                await world.put("x:/first", "c", {"n": number})
                await world.put("x:/log", str(number), {"n": number})
                await world.put("x:/second", "c", {"n": number})
        except StoreUnavailable as error:
            print(f"- {error}", flush=True)
            return
        print(number, flush=True)
    await store.aclose()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
