from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from embedded_server.detector.base import CardBroken, ModelMissing
from embedded_server.detector.onnx_cards import (
    find_model,
    parse_card,
    read_model,
    shipped_cards,
)

ROOT = Path(__file__).parents[4]


def put(folder: Path, name: str, *, card: str | None = None, labels: bytes | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(b"weights of " + name.encode())
    if card is not None:
        path.with_suffix(".toml").write_text(card, encoding="utf-8")
    if labels is not None:
        (folder / "labels.txt").write_bytes(labels)
    return path


def test_labels_are_read_by_lines_because_a_cell_phone_is_one_thing(tmp_path: Path) -> None:
    lines = b"person\r\ncell phone\r\ndining table\r\n\r\n"
    path = put(tmp_path, "mine", card='[labels]\nfile = "labels.txt"', labels=lines)
    assert read_model(path).labels == ("person", "cell phone", "dining table")


def test_a_model_without_a_card_is_taken_as_it_is(tmp_path: Path) -> None:
    found = read_model(put(tmp_path, "mine"))
    assert found.card.format is None
    assert found.labels == ()


def test_a_well_known_model_brings_its_card_by_name(tmp_path: Path) -> None:
    found = read_model(put(tmp_path, "yolox_nano"))
    assert found.card.format == "yolox"
    assert len(found.labels) == 80
    assert found.labels[67] == "cell phone"


def test_a_well_known_model_is_known_under_any_name_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedded_server.detector import onnx_cards

    path = put(tmp_path, "renamed")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = onnx_cards.Card(name="known", format="yunet", sha256=digest)
    monkeypatch.setattr(onnx_cards, "shipped_cards", lambda: {"known": card})
    assert read_model(path).card.name == "known"


def test_the_first_folder_that_has_it_wins_and_case_does_not_matter(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a", tmp_path / "b"
    put(ours, "Mine")
    put(theirs, "mine")
    assert find_model("MINE", [tmp_path / "none", ours, theirs]).path.parent == ours


def test_a_missing_model_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    put(tmp_path, "mine")
    with pytest.raises(ModelMissing, match=r"named 'other' \(found: mine\)") as caught:
        find_model("other", [tmp_path])
    assert caught.value.name == "other"


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "C:\\x"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    put(tmp_path, "secret")
    with pytest.raises(ModelMissing):
        find_model(name, [tmp_path / "models"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"format = ", "not TOML"),
        (b"\xff\xfe", "not text"),
        (b'formt = "yolox"', "formt"),
        (b"[input]\nwidth = 100000", "input.width"),
        (b'[input]\nresize = "sideways"', "input.resize"),
        (b"[output]\nnms = 0", "output.nms"),
        (b'[labels]\nfile = "../../etc/passwd"', "labels.file"),
        (b"a = " + b"[" * 5000, "TOML|deeply"),
    ],
)
def test_hostile_cards_are_refused_in_a_sentence(text: bytes, words: str) -> None:
    with pytest.raises(CardBroken, match=words) as caught:
        parse_card("bad.toml", text)
    assert str(caught.value).startswith("The model card bad.toml cannot be used")
    assert str(caught.value).endswith("Correct or delete it.")


def test_a_card_that_names_missing_labels_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(CardBroken, match=r"labels\.txt"):
        read_model(put(tmp_path, "mine", card='[labels]\nfile = "labels.txt"'))
    with pytest.raises(CardBroken, match="no set of labels"):
        read_model(put(tmp_path, "other", card='[labels]\nset = "nobody"'))


def test_an_enormous_card_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(CardBroken, match="larger than"):
        read_model(put(tmp_path, "mine", card="#" * 300_000))


def test_every_downloadable_model_has_licence_hash_and_card() -> None:
    listed = tomllib.loads((ROOT / "resources" / "models.toml").read_text(encoding="utf-8"))
    cards = shipped_cards()
    for entry in listed.values():
        card = cards[entry["card"]]
        assert card.sha256 == entry["sha256"]
        assert card.licence == entry["licence"]
        assert entry["url"].startswith("https://")
