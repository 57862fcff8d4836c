"""Which of many texts a few typed letters mean; no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")


def ranked(typed: str, items: Iterable[Item], text_of: Callable[[Item], str]) -> list[Item]:
    """The items that hold every typed word, best first; all of them in their order for nothing typed."""
    words = typed.casefold().split()
    scored = [(score(words, text_of(item).casefold()), item) for item in items]
    matching = [(points, place, item) for place, (points, item) in enumerate(scored) if points]
    matching.sort(key=lambda found: (-found[0], found[1]))
    return [item for _, _, item in matching]


def score(words: list[str], text: str) -> int:
    """0 if a word is missing; more where words begin the text, then where they begin a word of it."""
    points = 1
    for word in words:
        if text.startswith(word):
            points += 4
        elif f" {word}" in text:
            points += 2
        elif word not in text:
            return 0
    return points
