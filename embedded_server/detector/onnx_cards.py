"""Model cards: small TOML files that say what a model's shapes cannot.

A card lies beside its model as ``<model>.toml``; for well-known models it is in ``resources/cards``, found by the
SHA-256 of the model file or by name. A model without any card is taken by its shapes alone. Cards are hostile
until checked.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedded_server.detector.base import CardBroken, ModelMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

_MOST_CARD_BYTES = 200_000
_MOST_LABELS = 20_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputCard(_Part):
    """How a picture becomes the model's input; what is left out follows from the output format."""

    width: int | None = Field(default=None, ge=16, le=4096)
    height: int | None = Field(default=None, ge=16, le=4096)
    resize: str | None = Field(default=None, pattern="^(letterbox|letterbox_centre|stretch)$")
    by_area: bool = False
    pad: float | None = Field(default=None, ge=0, le=255)
    colour: str | None = Field(default=None, pattern="^(bgr|rgb)$")
    scale: float | None = Field(default=None, gt=0, le=1000)
    mean: tuple[float, float, float] | None = None
    deviation: tuple[float, float, float] | None = None


class OutputCard(_Part):
    """How the output is to be read."""

    decoded: bool | None = None
    activation: str | None = Field(default=None, pattern="^(none|sigmoid|softmax)$")
    box_order: str | None = Field(default=None, pattern="^(xyxy|yxyx)$")
    background: bool | None = None
    nms: float = Field(default=0.45, gt=0, le=1)


class Thresholds(_Part):
    """Scores to trust at the usual confidence of a camera: matched first, continuing only, beginning."""

    high: float = Field(default=0.45, ge=0, le=1)
    low: float = Field(default=0.20, ge=0, le=1)
    new: float = Field(default=0.50, ge=0, le=1)


class LabelsCard(_Part):
    """Class names: listed, of a known set, or in a text file beside the card, one name a line."""

    names: tuple[str, ...] = ()
    set: str | None = Field(default=None, pattern="^[a-z0-9_]+$")
    file: str | None = Field(default=None, pattern=r"^[^/\\:]+$")


class Card(_Part):
    """All that a card may say."""

    name: str = ""
    format: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    licence: str = ""
    source: str = ""
    note: str = ""
    input: InputCard = InputCard()
    output: OutputCard = OutputCard()
    thresholds: Thresholds = Thresholds()
    labels: LabelsCard = LabelsCard()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model with its card and its class names (empty when nobody names them)."""

    path: Path
    card: Card = field(default_factory=Card)
    labels: tuple[str, ...] = ()


def find_model(name: str, folders: Sequence[Path]) -> ModelFile:
    """The model of that name (a file name without ``.onnx``, whatever its case) in the first folder that has it.

    Raises:
        ModelMissing: there is none.
        CardBroken: its card cannot be used.
    """
    known = []
    for path in models_in(folders):
        if path.stem.casefold() == name.casefold():
            return read_model(path)
        known.append(path.stem)
    raise ModelMissing(name, known)


def models_in(folders: Sequence[Path]) -> Iterator[Path]:
    """All model files, folder by folder."""
    for folder in folders:
        if folder.is_dir():
            yield from sorted(p for p in folder.glob("*.onnx") if p.is_file())


def read_model(path: Path) -> ModelFile:
    """A model file with the best card there is for it.

    Raises:
        CardBroken: its card cannot be used.
    """
    beside = path.with_suffix(".toml")
    if beside.is_file():
        card = parse_card(beside.name, _read_small(beside))
        return ModelFile(path, card, _labels(card, beside.name, path.parent))
    shipped = _shipped_card(path)
    if shipped is None:
        return ModelFile(path)
    return ModelFile(path, shipped, _labels(shipped, shipped.name, path.parent))


def parse_card(name: str, text: bytes) -> Card:
    """Read a card.

    Raises:
        CardBroken: with what is wrong, in a sentence.
    """
    try:
        return Card.model_validate(tomllib.loads(text.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise CardBroken(name, "it is not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise CardBroken(name, f"it is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CardBroken(name, f"{where}: {first['msg']}") from error
    except RecursionError as error:
        raise CardBroken(name, "it is nested too deeply") from error


def shipped_cards() -> dict[str, Card]:
    """Cards of well-known models, by file name without ending."""
    return {
        Path(entry.name).stem: parse_card(entry.name, entry.read_bytes())
        for entry in _shipped().iterdir()
        if entry.name.endswith(".toml")
    }


def _shipped() -> Traversable:
    return resources.files("resources") / "cards"


def _shipped_card(path: Path) -> Card | None:
    """By content first, because files get renamed; then by name."""
    cards = shipped_cards()
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CardBroken(path.name, error.strerror or str(error)) from error
    by_content = next((card for card in cards.values() if card.sha256 == digest), None)
    return by_content or cards.get(path.stem)


def _labels(card: Card, card_name: str, folder: Path) -> tuple[str, ...]:
    if card.labels.names:
        return card.labels.names[:_MOST_LABELS]
    if card.labels.set:
        return _label_set(card.labels.set, card_name)
    if card.labels.file:
        return _label_lines(folder / card.labels.file, card_name)
    return ()


def _label_set(name: str, card_name: str) -> tuple[str, ...]:
    entry = _shipped() / "labels" / f"{name}.toml"
    if not entry.is_file():
        raise CardBroken(card_name, f"there is no set of labels named {name!r}")
    names: list[Any] = tomllib.loads(entry.read_text(encoding="utf-8"))["names"]
    return tuple(str(n) for n in names)


def _label_lines(path: Path, card_name: str) -> tuple[str, ...]:
    """By lines, never by words: "cell phone" is one label."""
    try:
        lines = _read_small(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CardBroken(card_name, f"{path.name} is not text in UTF-8") from error
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(line.strip() for line in lines[:_MOST_LABELS])


def _read_small(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_CARD_BYTES + 1)
    except OSError as error:
        raise CardBroken(path.name, error.strerror or str(error)) from error
    if len(data) > _MOST_CARD_BYTES:
        raise CardBroken(path.name, f"it is larger than {_MOST_CARD_BYTES // 1000} kB")
    return data
