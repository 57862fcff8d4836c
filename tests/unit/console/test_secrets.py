from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from console.secrets import Keeping, Secrets, usable_keyring

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


class FakeKeyring:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.kept[service, username]


class LockedKeyring(FakeKeyring):
    """Waits for somebody to type a password on a screen that is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str, /) -> str | None:
        self.asked += 1
        self.opened.wait(10)
        return None


async def test_the_keyring_keeps_and_forgets(tmp_path: Path) -> None:
    ring = FakeKeyring()
    secrets = Secrets(tmp_path / "s.json", backend=lambda: ring)
    assert await secrets.has_keyring()
    assert await secrets.remember("me@nvr", "right") is Keeping.KEYRING
    assert await secrets.recall("me@nvr") == "right"
    await secrets.forget("me@nvr")
    assert await secrets.recall("me@nvr") is None
    assert not (tmp_path / "s.json").exists()


async def test_without_a_keyring_nothing_is_kept_unless_a_file_was_chosen(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    secrets = Secrets(file, backend=lambda: None)
    assert not await secrets.has_keyring()
    assert await secrets.remember("me@nvr", "right") is Keeping.NOWHERE
    assert await secrets.recall("me@nvr") is None
    assert not file.exists()
    assert await secrets.remember("me@nvr", "right", Keeping.FILE) is Keeping.FILE
    assert await Secrets(file, backend=lambda: None).recall("me@nvr") == "right"
    await secrets.forget("me@nvr")
    assert "right" not in file.read_text()


@pytest.mark.logs_warnings
async def test_a_locked_keyring_never_holds_anybody_up(tmp_path: Path) -> None:
    ring = LockedKeyring()
    secrets = Secrets(tmp_path / "s.json", backend=lambda: ring, answer_within_s=0.05)
    began = time.monotonic()
    assert not await secrets.has_keyring()
    assert await secrets.recall("me@nvr") is None
    assert time.monotonic() - began < 2
    assert ring.asked == 1
    ring.opened.set()


async def test_a_keyring_that_fails_is_no_keyring(tmp_path: Path) -> None:
    def broken() -> FakeKeyring:
        raise OSError("no session bus")

    secrets = Secrets(tmp_path / "s.json", backend=broken)
    assert not await secrets.has_keyring()
    await secrets.forget("me@nvr")


def test_the_null_keyring_of_this_test_run_is_none() -> None:
    assert usable_keyring() is None
