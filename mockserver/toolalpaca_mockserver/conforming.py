"""Making a value satisfy its schema with as few changes as possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolalpaca.openapi.validation import Violation
from toolalpaca_mockserver.contract import Contract

_ROUNDS = 8
_MISSING: Any = object()


def conform(value: Any, contract: Contract, spare: Callable[[], Any]) -> Any | None:
    """*value*, mended where it breaks *contract*, or None when that does not succeed.

    Args:
        value: Left as it is; a copy, of as much of it as is changed, is mended.
        contract: What the result satisfies.
        spare: Makes a value that satisfies the contract, from which parts are taken.
    """
    return value if contract.is_valid(value) else mend(value, contract, spare)


def mend(value: Any, contract: Contract, spare: Callable[[], Any]) -> Any | None:
    """*value*, which breaks *contract*, mended; see :func:`conform`."""
    mended, parts = _copied(value), spare()
    for _ in range(_ROUNDS):
        changed = [_mend(mended, parts, violation) for violation in contract.violations(mended)]
        if contract.is_valid(mended):
            return mended
        if not any(changed):
            return None
    return None


def _mend(value: Any, spare: Any, violation: Violation) -> bool:
    """Mend one fault of *value* in place; False when there is nothing to do about it."""
    path = [p.replace("~1", "/").replace("~0", "~") for p in violation.pointer.split("/")[1:]]
    if violation.properties:
        target, source = _opened(value, path), _at(spare, path)
        if not isinstance(target, dict):
            return False
        done = False
        for name in violation.properties:
            if violation.rule != "required":
                done = target.pop(name, _MISSING) is not _MISSING or done
            elif isinstance(source, dict) and name in source:
                target[name] = source[name]
                done = True
        return done
    return _replace(value, spare, path)


def _replace(value: Any, spare: Any, path: list[str]) -> bool:
    """Put what *spare* has at *path* there, or take the property away."""
    if not path:
        return False
    parent, source = _opened(value, path[:-1]), _at(spare, path)
    if isinstance(parent, dict) and path[-1] in parent:
        if source is _MISSING or source == parent[path[-1]]:
            del parent[path[-1]]
        else:
            parent[path[-1]] = source
        return True
    if isinstance(parent, list) and path[-1].isdigit() and int(path[-1]) < len(parent):
        if source is _MISSING or source == parent[int(path[-1])]:
            del parent[int(path[-1])]
        else:
            parent[int(path[-1])] = source
        return True
    return False


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, (dict, list)) else value


def _opened(value: Any, path: list[str]) -> Any:
    """What stands at *path*, to be changed: it and all that it stands in is copied on the way."""
    for part in path:
        key: Any = int(part) if isinstance(value, list) and part.isdigit() else part
        try:
            value[key] = _copied(value[key])
        except (LookupError, TypeError):
            return _MISSING
        value = value[key]
    return value


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _MISSING
    return value
