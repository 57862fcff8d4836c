from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from installers import bootstrap, try_fresh_debian

BOOTSTRAP = Path(bootstrap.__file__)


@pytest.mark.parametrize("arguments", [[], ["install"], ["--version"]])
def test_anything_else_shows_how_to_use_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(arguments) == bootstrap.STATUS_USAGE
    assert "bootstrap.py demo" in capsys.readouterr().err


def test_without_a_screen_nothing_is_installed() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("elsewhere there is always a screen")
    tried = subprocess.run(
        [sys.executable, BOOTSTRAP, "demo"],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == bootstrap.STATUS_CANNOT_START
    assert "There is no display here" in tried.stderr
    assert tried.stdout == ""


@pytest.mark.parametrize(
    ("version", "supported"), [((3, 10), False), ((3, 11), True), ((3, 14), True), ((4, 0), True)]
)
def test_versions(version: tuple[int, int], supported: bool) -> None:
    assert bootstrap.is_supported(version) is supported


def test_an_old_python_can_read_as_far_as_the_sentence_that_turns_it_away() -> None:
    ast.parse(BOOTSTRAP.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    "lists",
    [
        "Types: deb\nURIs: http://a.mirror/debian\nSuites: bookworm",
        "# comment\ndeb http://a.mirror/debian bookworm main\n",
        "deb [signed-by=/k.gpg] http://a.mirror/debian bookworm main\n",
        "deb http://a.mirror/debian-security bookworm-security main\ndeb http://a.mirror/debian x y\n",
    ],
)
def test_the_mirror_of_the_host_is_found(lists: str) -> None:
    assert try_fresh_debian.package_source(lists) == "http://a.mirror/debian"


def test_no_mirror_is_no_mirror() -> None:
    assert try_fresh_debian.package_source("deb cdrom:[Debian] bookworm main\n") is None
