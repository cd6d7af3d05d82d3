"""What an import could not carry over, with its place in the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


class ModelError(Exception):
    """A model that cannot be imported. The message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that the description does not have."""

    what: str
    place: str
    """Path in the model, such as ``shapes.Tag.members.Key``."""
    detail: str = ""


@dataclass
class Notes:
    """Everything that was not carried over, each once."""

    _items: dict[Note, None] = field(default_factory=dict)

    def add(self, what: str, place: str, detail: str = "") -> None:
        """Note one thing."""
        self._items[Note(what, place, detail)] = None

    def __len__(self) -> int:
        return len(self._items)

    def counted(self) -> list[tuple[str, int]]:
        """Return what was left out and how often, the most frequent first."""
        return Counter(item.what for item in self._items).most_common()

    def lines(self) -> Iterator[str]:
        """Yield a Markdown list for each kind of thing."""
        for what, count in self.counted():
            yield f"## {what[:1].upper()}{what[1:]} ({count})"
            yield ""
            for item in self._items:
                if item.what == what:
                    yield f"* `{item.place}`" + (f": {item.detail}" if item.detail else "")
            yield ""
