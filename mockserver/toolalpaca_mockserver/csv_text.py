"""Lists of objects as CSV (RFC 4180), with a header line."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any, Final, TypeGuard

from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.json_text import dump

CSV: Final = "text/csv"


def is_table(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether *value* can be written with a line for each item."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def write_csv(rows: list[dict[str, Any]], contract: Contract) -> bytes:
    """*rows* below the properties of *contract*, an array of objects, and whatever else they have.

    What is no text, number or boolean is JSON in its field.
    """
    items = contract.part(contract.shape.get("items", True))
    columns = dict.fromkeys((*items.properties(), *(name for row in rows for name in row)))
    text = StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([cell_text(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def cell_text(value: Any) -> str:
    """A value as a field of a table or a form: nothing for null, texts bare, else JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dump(value).decode()
