"""What a reader or an operator looks up is there: folders, settings, commands, routes."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import typer.main
from click import Group, Option
from starlette.routing import WebSocketRoute

from console.settings import Values
from embedded_server import cli
from embedded_server.app import create_app
from embedded_server.config import PREFIX, ServerSettings

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


def _pages_of_the_server() -> str:
    pages = (ROOT / "README.md", ROOT / "embedded_server" / "README.md")
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())


@pytest.mark.parametrize("name", sorted(ServerSettings.model_fields))
def test_each_setting_of_the_server_can_be_looked_up(name: str) -> None:
    assert f"{PREFIX}{name.upper()}" in _pages_of_the_server()


def _commands(command: object, words: tuple[str, ...] = ()) -> list[tuple[str, object]]:
    if isinstance(command, Group):
        return [
            found
            for name, below in command.commands.items()
            for found in _commands(below, (*words, name))
        ]
    return [(" ".join(words), command)]


COMMANDS = _commands(typer.main.get_command(cli.app))


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_each_command_explains_itself_and_can_be_looked_up(name: str, command: object) -> None:
    assert command.help, f"{name} says nothing about itself"
    for option in command.params:
        assert not isinstance(option, Option) or option.help, f"{name} {option.name} has no help"
    assert f"gatehouse {name}" in _pages_of_the_server()


def test_each_route_says_what_it_does() -> None:
    needed = inspect.signature(create_app).parameters
    app = create_app(
        **{name: object() for name, each in needed.items() if each.default is each.empty}
    )
    silent = [
        f"{method.upper()} {path}"
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if not operation.get("description")
    ]
    silent += [
        route.path
        for route in app.routes
        if isinstance(route, WebSocketRoute) and not inspect.getdoc(route.endpoint)
    ]
    assert silent == []
