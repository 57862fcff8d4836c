"""What a reader or an operator looks up is there: folders, settings, commands, routes."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.settings import Values

ROOT = Path(__file__).parents[2]
PAGE_LINES = 80


def _folders() -> list[str]:
    """Packages and their parts that hold more than a name."""
    found = []
    for top in ("console", "widgets", "embedded_server"):
        for folder in (ROOT / top, *(ROOT / top).iterdir()):
            modules = [each for each in folder.glob("*.py") if each.name != "__init__.py"]
            if (folder / "__init__.py").exists() and modules:
                found.append(folder.relative_to(ROOT).as_posix())
    return sorted([*found, "resources", "installers"])


@pytest.mark.parametrize("folder", _folders())
def test_each_folder_says_what_it_is_for(folder: str) -> None:
    page = ROOT / folder / "README.md"
    assert page.exists(), f"{folder} has no README.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= PAGE_LINES, f"{page} is longer than a page"


@pytest.mark.parametrize("name", sorted(Values.model_fields))
def test_each_setting_has_words_for_the_operator(name: str) -> None:
    setting = Values.model_fields[name]
    assert setting.title, f"{name} has no title"
    assert setting.description, f"{name} has no description"
    assert setting.description.endswith("."), f"{name}: descriptions are sentences"


def test_readme_has_exactly_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [line.strip() for line in text.splitlines() if line.startswith("    python3 ")]
    assert commands == [
        "python3 installers/bootstrap.py demo",
        "python3 installers/bootstrap.py test",
    ]
