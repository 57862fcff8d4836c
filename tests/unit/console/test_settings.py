from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from console.domain.errors import InvalidInput
from console.domain.system import SystemRecord
from console.files import read_json, write_json
from console.known_systems import KnownSystems
from console.settings import Settings, Values

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_change_is_kept_and_said_once(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.json"
    settings = Settings(file)
    said: list[str] = []
    settings.changed.connect(said.append)
    settings.change(theme="light", show_boxes=True)
    assert said == ["theme"]
    assert Settings(file).values.theme == "light"
    assert json.loads(file.read_text()) == {"theme": "light"}


def test_a_value_out_of_bounds_is_refused_in_words(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.json")
    with pytest.raises(InvalidInput, match="Instant replay"):
        settings.change(replay_seconds=100000)
    assert settings.values == Values()


@pytest.mark.parametrize("damage", [b"{", b"[1]", b"\xff\xfe\x00", b""])
def test_a_damaged_file_is_kept_aside_and_defaults_are_used(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(damage)
    settings = Settings(file)
    assert settings.values == Values()
    assert settings.complaint is not None
    assert "kept as" in settings.complaint
    (aside,) = tmp_path.glob("settings.damaged-*.json")
    assert aside.read_bytes() == damage
    settings.change(theme="light")
    assert Settings(file).complaint is None


@pytest.mark.logs_warnings
def test_one_bad_value_does_not_cost_the_others(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"theme": "purple", "show_boxes": false, "of_the_future": 1}')
    settings = Settings(file)
    assert settings.values == Values(show_boxes=False)
    assert settings.complaint is not None
    assert "theme" in settings.complaint


def test_every_setting_has_a_title_and_a_sentence() -> None:
    for name, field in Values.model_fields.items():
        assert field.title, name
        assert field.description, name
        assert field.description.endswith("."), name


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    write_json(file, {"a": 1})
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    assert read_json(file) == ({"a": 1}, None)
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {}, is_private=True)
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o600


def test_systems_are_remembered_in_order_and_strange_records_left_out(tmp_path: Path) -> None:
    file = tmp_path / "systems.json"
    known = KnownSystems(file)
    a = SystemRecord("a", "A", "http://a:1", "me")
    b = SystemRecord("b", "B", "http://b:1", "me")
    known.remember(a)
    known.remember(b)
    assert KnownSystems(file).records == (a, b)
    known.forget("a")
    assert KnownSystems(file).records == (b,)
    file.write_text('{"systems": [{"id": "x"}, 5]}')
    assert KnownSystems(file).records == ()
