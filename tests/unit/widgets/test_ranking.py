from __future__ import annotations

from widgets.ranking import ranked

TEXTS = ["Motorway gate", "Gate", "Yard East", "Lobby"]


def found(typed: str) -> list[str]:
    return ranked(typed, TEXTS, str)


def test_nothing_typed_keeps_everything_in_order() -> None:
    assert found("  ") == TEXTS


def test_what_begins_the_text_comes_first() -> None:
    assert found("gate") == ["Gate", "Motorway gate"]


def test_every_word_must_be_there() -> None:
    assert found("east YA") == ["Yard East"]
    assert found("yard west") == []
