"""What holds for every test: no screen, no keyring, no network, a home of its own, nothing left behind."""

from __future__ import annotations

import gc
import logging
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

os.environ["QT_QPA_PLATFORM"] = os.environ.get("GATEHOUSE_TEST_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
os.environ["NO_PROXY"] = "*"  # a developer's proxy must not stand between a test and its server

from tests.support import network, strays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

network.install()
# A decode thread that collects garbage would destroy Qt's objects in the wrong thread, and crash in
# this test or a later one; so only this thread collects, between tests. See console/garbage.py.
gc.disable()
# How fast a machine is must not decide what is right.
settings.register_profile("gatehouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gatehouse")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden pictures anew; look at them before committing",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "logs_warnings: the test makes things go wrong, so warnings in the log are right"
    )
    config.addinivalue_line(
        "markers", "keeps_threads: the test starts threads that end with a longer-lived fixture"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder is the marker; stories with real processes run last."""
    for item in items:
        for folder in ("gui", "golden", "e2e"):
            if folder in item.path.parts:
                item.add_marker("gui" if folder == "golden" else folder)
    items.sort(key=lambda item: "e2e" in item.path.parts)


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio; those in tests/gui on its Qt loop."""
    return "asyncio"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without settings, for this test only."""
    folder = tmp_path_factory.mktemp("home")
    for name in [each for each in os.environ if each.startswith("GATEHOUSE_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    return folder


@pytest.fixture(autouse=True)
def _garbage_in_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    has_widgets = any(folder in request.path.parts for folder in ("gui", "golden", "e2e"))
    gc.collect(2 if has_widgets else 1)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    network.reached()
    yield
    reached = network.reached()
    assert not reached, f"the test reached for {', '.join(reached)}; use a fake or 127.0.0.1"


@pytest.fixture(autouse=True)
def _no_log_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that look at the log (caplog) or expect trouble (logs_warnings) are let off."""
    heard = strays.WarningRecords()
    logging.getLogger().addHandler(heard)
    yield
    logging.getLogger().removeHandler(heard)
    expected = "caplog" in request.fixturenames or request.node.get_closest_marker("logs_warnings")
    e2e = "e2e" in request.path.parts  # whole systems going up and down
    assert expected or e2e or not heard.records, "\n".join(["logged:", *heard.lines()])


@pytest.fixture(autouse=True)
def _no_stray_threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = threading.enumerate()
    yield
    if request.node.get_closest_marker("keeps_threads") is None:
        left = strays.stray_threads(before)
        assert not left, f"threads still run: {', '.join(left)}"
