from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from installers import environment
from installers.errors import NotAvailable

if TYPE_CHECKING:
    from installers.environment import Environment

ROOT = Path(__file__).parents[3]
SILENT = lambda _sentence: None  # noqa: E731 - a listener that says nothing


@pytest.fixture
def checkout(tmp_path: Path) -> Environment:
    """A checkout with two small lock files, nothing installed."""
    (tmp_path / "installers").mkdir()
    for name in (environment.RUNTIME, environment.DEVELOPMENT):
        (tmp_path / "installers" / name).write_text("", encoding="utf-8")
    return environment.of(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for an interpreter with a script")
def test_an_empty_lock_is_installed_once_and_then_left_alone(checkout: Environment) -> None:
    said: list[str] = []
    environment.prepare(checkout, environment.DEVELOPMENT, say=said.append)
    assert environment.is_ready(checkout, environment.DEVELOPMENT)
    assert environment.is_ready(checkout, environment.RUNTIME)
    assert said
    said.clear()
    environment.prepare(checkout, environment.RUNTIME, say=said.append)
    assert said == []


def _pretend_installed(checkout: Environment) -> None:
    checkout.python.parent.mkdir(parents=True)
    checkout.python.touch()
    environment._write_stamp(checkout, environment.DEVELOPMENT)


def test_a_changed_lock_is_not_ready(checkout: Environment) -> None:
    _pretend_installed(checkout)
    assert environment.is_ready(checkout, environment.RUNTIME)
    checkout.lock(environment.RUNTIME).write_text("a==1\n", encoding="utf-8")
    assert not environment.is_ready(checkout, environment.RUNTIME)
    assert environment.is_ready(checkout, environment.DEVELOPMENT)


def test_an_interrupted_installation_is_not_ready(checkout: Environment) -> None:
    _pretend_installed(checkout)
    checkout.interrupted.touch()
    assert not environment.is_ready(checkout, environment.RUNTIME)


@pytest.mark.parametrize("stamp", ["", "[1]", "{", '{"requirements.lock": "old"}'])
def test_a_stamp_that_says_nothing_useful_is_not_ready(checkout: Environment, stamp: str) -> None:
    _pretend_installed(checkout)
    checkout.stamp.write_text(stamp, encoding="utf-8")
    assert not environment.is_ready(checkout, environment.RUNTIME)


def test_a_vanished_interpreter_is_not_ready(checkout: Environment) -> None:
    _pretend_installed(checkout)
    checkout.python.unlink()
    assert not environment.is_ready(checkout, environment.RUNTIME)


def test_too_little_space_is_said_before_anything_is_made(
    checkout: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_FREE_BYTES", 2**62)
    with pytest.raises(NotAvailable, match="MB are free"):
        environment.prepare(checkout, environment.RUNTIME, say=SILENT)
    assert not checkout.folder.exists()


@pytest.mark.parametrize(
    ("report", "cause"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError('<x>: Failed to establish: Connection refused')", "cannot be reached"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "certificate"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "lock file"),
        ("ERROR: No matching distribution found for av==18.1.0", "no build"),
        ("something new", "could not install"),
    ],
)
def test_causes_are_told_apart(report: str, cause: str) -> None:
    assert cause in environment.cause_of(report)[0]


def test_unreachable_index_comes_before_no_matching_distribution() -> None:
    report = "Retrying after NewConnectionError\nERROR: No matching distribution found for av"
    assert "reached" in environment.cause_of(report)[0]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting av==18.1.0 (from -r x.lock (line 3))\n", "  [  3/90] av 18.1.0"),
        ("  Downloading https://an.index/a/av-18.1.0-cp311.whl (35.8 MB)\n", "            35.8 MB"),
        ("  Downloading av-18.1.0-cp311.whl (35.8 MB)\n", "            35.8 MB"),
        ("  Downloading six-1.whl (11 kB)\n", None),
        ("  Using cached av-18.1.0.whl (35.8 MB)\n", None),
        ("Installing collected packages: a, b\n", "  Unpacking; this takes a minute or two."),
    ],
)
def test_progress(line: str, shown: str | None) -> None:
    assert environment.progress_of(line, 3, 90) == shown


def _pins(name: str) -> set[str]:
    text = (ROOT / "installers" / name).read_text(encoding="utf-8")
    return set(re.findall(r"^[A-Za-z0-9][^ ]*==[^ ]+", text, re.MULTILINE))


def test_the_locks_agree() -> None:
    runtime, development = _pins(environment.RUNTIME), _pins(environment.DEVELOPMENT)
    assert runtime < development
    text = (ROOT / "installers" / environment.RUNTIME).read_text(encoding="utf-8")
    # a package with one version for old and one for new Pythons stands there twice
    assert environment.count_of(text) == len(runtime)


def test_the_locks_name_no_place() -> None:
    for name in (environment.RUNTIME, environment.DEVELOPMENT):
        assert "://" not in (ROOT / "installers" / name).read_text(encoding="utf-8")
