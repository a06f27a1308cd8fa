"""Items as they are made and changed: what the client sent, and what the server adds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from toolalpaca_mockserver.conforming import mend
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.composite import owned_by
from toolalpaca_mockserver.state.forms import UNSAID
from toolalpaca_mockserver.state.resource import Resource
from toolalpaca_mockserver.state.store import Item
from toolalpaca_mockserver.values.moments import EPOCH, timestamp


def made(
    resource: Resource,
    sent: Item,
    request: Contract | None,
    base: Item,
    *,
    now: int,
) -> Item:
    """A new item, not yet checked.

    What the client may say and did not is left out, unless it is required or has a default; what
    only the server says is taken from *base*.

    Args:
        resource: What the item is one of.
        sent: What the client sent.
        request: What the client may send, or None when that is not known.
        base: A complete item of the server's making.
        now: The number of the change.
    """
    form = resource.form(request)
    shown = resource.contract.properties()
    sayable = request.properties() if request is not None else {}
    item: Item = {}
    for entry in form.entries:
        name = entry.name
        if entry.settable and name in sent:
            item[name] = sent[name]
        elif entry.default is not UNSAID:
            item[name] = entry.default
        elif not entry.omitted and name in base:
            item[name] = base[name] if entry.first is UNSAID else entry.first
    for name, value in sent.items():
        if name not in shown and name not in sayable:
            item[name] = value  # neither side declares it: the schema allows it, or it goes later
    return _stamped(item, form.on_making, now)


def replaced(
    resource: Resource, sent: Item, request: Contract | None, old: Item, *, now: int
) -> Item:
    """*old* after a PUT: what the client may say is what it said."""
    sayable = request.properties() if request is not None else {}
    required = set(resource.contract.shape.get("required") or ())
    kept = {
        name: value
        for name, value in old.items()
        if name not in sayable
        or name in required
        or name == resource.id_property
        or _is_read_only(resource, name)
    }
    item = kept | _settable(resource, sent, sayable)
    return _stamped(item, resource.form(request).on_changing, now)


def updated(
    resource: Resource, sent: Item, request: Contract | None, old: Item, *, now: int
) -> Item:
    """*old* after a PATCH: objects are merged (RFC 7396), everything else takes the new value."""
    sayable = request.properties() if request is not None else {}
    settable = _settable(resource, sent, sayable)
    item = old | {name: _merged(old.get(name), value) for name, value in settable.items()}
    return _stamped(item, resource.form(request).on_changing, now)


def touched(resource: Resource, item: Item, *, now: int) -> Item:
    """*item* with the times of a change, which its resource allows as it allows *item*."""
    stamped = _stamped(dict(item), resource.form(None).on_changing, now)
    return stamped if resource.contract.is_valid(stamped) else item


def exchanged(resource: Resource, wanted: Any, old: Item, *, now: int) -> Item:
    """*old* as *wanted*, but for what only the server says."""
    wanted = wanted if isinstance(wanted, dict) else {}
    kept = {
        name: value
        for name, value in old.items()
        if name == resource.id_property or _is_read_only(resource, name)
    }
    item = _settable(resource, wanted, {}) | kept
    ordered = {name: item[name] for name in (*old, *item) if name in item}
    return _stamped(ordered, resource.form(None).on_changing, now)


def _settable(resource: Resource, sent: Item, sayable: Mapping[str, Any]) -> Item:
    """What of *sent* a client can set, and answers show."""
    shown = resource.contract.properties()
    return {
        name: value
        for name, value in sent.items()
        if name != resource.id_property
        and not _is_read_only(resource, name)
        and (name in shown or name not in sayable)
    }


def settled(resource: Resource, item: Item, base: Item) -> Item:
    """*item* as one that its resource allows, with as much of it as possible.

    Args:
        resource: What it is one of.
        item: As the request would have it.
        base: A sound item, from which what is missing or wrong is taken.
    """
    return settle(resource, item, base)[0]


def settle(resource: Resource, item: Item, base: Item) -> tuple[Item, bool]:
    """What :func:`settled` gives, and whether it is known to be sound."""
    if resource.contract.is_valid(item):
        return item, True
    return mended(resource, item, base)


def mended(resource: Resource, item: Item, base: Item) -> tuple[Item, bool]:
    """What :func:`settle` gives for an *item* that its resource does not allow."""
    found = mend(item, resource.contract, lambda: base)
    if isinstance(found, dict):
        return found, True
    sound, checked = base, False
    for name, value in item.items():
        candidate = {**sound, name: value}
        if resource.contract.is_valid(candidate):
            sound, checked = candidate, True
    return sound, checked


def key_of(value: Any) -> str:
    """An id as paths have it: 12 and 12.0 are one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def with_context(resource: Resource, item: Item, path: Mapping[str, Any]) -> Item:
    """*item* with the properties that a path parameter is called after: ``booking_id``."""
    candidate = {**item, **context(resource, path)}
    sound = candidate != item and resource.contract.is_valid(candidate)
    return with_owner(resource, candidate if sound else item, path)


def with_owner(resource: Resource, item: Item, path: Mapping[str, Any]) -> Item:
    """*item* with the owner that a path parameter names, where it has one."""
    named = [value for name, value in path.items() if name in resource.owners]
    if not resource.owner or not named:
        return item
    return owned_by(resource.contract, item, resource.owner, key_of(named[0]))


def context(resource: Resource, path: Mapping[str, Any]) -> Item:
    """The properties that a path parameter is called after, with its value."""
    return {
        resource.spellings[letters(name)]: value
        for name, value in path.items()
        if letters(name) in resource.spellings
        and resource.spellings[letters(name)] != resource.id_property
    }


def _is_read_only(resource: Resource, name: str) -> bool:
    schema = resource.contract.properties().get(name)
    return schema is not None and resource.contract.flat(schema).get("readOnly") is True


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _stamped(item: Item, moments: Mapping[str, str], now: int) -> Item:
    """*item* with the times that the server keeps. Its clock moves a second with each change."""
    moment = EPOCH + timedelta(days=365, seconds=now)
    for name, form in moments.items():
        if name in item:
            item[name] = timestamp(moment) if form == "date-time" else moment.date().isoformat()
    return item
