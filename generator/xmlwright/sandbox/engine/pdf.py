"""A small real PDF that shows a record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from .encoding import shown
from .failures import spoken
from .resources import ResourceRuntime
from .state import Record

_MOST_ROWS = 200
"""Rows of a table: drawing more would hold up other calls."""


def draw(resource: ResourceRuntime, record: Record, now: dt.datetime) -> bytes:
    """Return the PDF of a record: its name, its fields, and a table for each list of records in it.

    Characters that the built-in fonts of PDF lack are shown as question marks.
    """
    from fpdf import FPDF  # slow to import, and most calls draw nothing

    title = resource.facts["Resource"]
    page = FPDF(format="A4")
    page.set_creation_date(now)
    page.set_title(title)
    page.add_page()
    page.set_font("Helvetica", "B", 18)
    page.cell(0, 12, _latin(title), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=10)
    layout = resource.layout
    secret = {item.python for item in layout.fields.values() if item.sensitive} if layout else set()
    rows = {name: value for name, value in record.items() if name not in secret}
    visible = set(layout.fields) if layout else set(rows)
    for name, value in _lines({name: rows[name] for name in rows if name in visible}):
        page.multi_cell(0, 6, _latin(f"{name}: {value}"[:5000]), new_x="LMARGIN", new_y="NEXT")
    for name, value in rows.items():
        if name in visible and isinstance(value, tuple) and value and isinstance(value[0], Mapping):
            _table(page, spoken(name), value)
    return bytes(page.output())


def _table(page: Any, title: str, rows: tuple[Mapping[str, Any], ...]) -> None:
    columns = [name for name in rows[0] if any(row.get(name) not in (None, (), "") for row in rows)]
    page.ln(4)
    page.set_font("Helvetica", "B", 11)
    page.cell(0, 8, _latin(title.capitalize()), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=8)
    if not columns:
        return
    with page.table(width=int(page.epw)) as table:
        for cells in [[spoken(name) for name in columns]] + [
            [_shown(row.get(name)) for name in columns] for row in rows[:_MOST_ROWS]
        ]:
            line = table.row()
            for cell in cells:
                line.cell(_one_line(cell)[:200])

    if len(rows) > _MOST_ROWS:
        page.cell(
            0, 8, f"{len(rows) - _MOST_ROWS} more are not shown.", new_x="LMARGIN", new_y="NEXT"
        )


def _lines(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if value not in (None, (), "") and not isinstance(value, (tuple, bytes, Mapping)):
            yield spoken(name), _shown(value)


def _shown(value: Any) -> str:
    return "" if value is None else str(shown(value))


def _one_line(text: str) -> str:
    """Return text that fits into one row of a table: line breaks could make a row higher than a page."""
    return " ".join(_latin(text).split())


def _latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")
