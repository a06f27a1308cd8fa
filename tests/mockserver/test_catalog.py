"""Which APIs are served, and what is made of each."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import PerApi
from toolalpaca_mockserver.state.memory import MemoryStore


def test_what_is_made_of_an_api_goes_with_it(pets: dict[str, Any]) -> None:
    made: PerApi[list[Api]] = PerApi(lambda api: [api])
    old, new = (Api(load_document(pets), "", MemoryStore()) for _ in range(2))
    assert made.of(old) is made.of(old)
    assert made.of(new) == [new]
    gone = weakref.ref(old)
    del old
    gc.collect()
    assert gone() is None
