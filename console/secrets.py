"""Passwords that the operator wants remembered: the keyring of the platform, or a choice in plain words."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import keyring
import keyring.errors
from keyring.backends import fail, null

from console.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger("gatehouse.secrets")
SERVICE = "Gatehouse"
ANSWER_WITHIN_S = 4.0
"""A locked keyring asks on the screen, or waits for ever where there is none."""
Result = TypeVar("Result")


class Keeping(enum.StrEnum):
    """Where remembered passwords go."""

    KEYRING = "keyring"
    FILE = "file"
    """A file that only this account can read; the operator must have chosen it."""
    NOWHERE = "nowhere"


class Keyring(Protocol):
    """The part of ``keyring`` that is used."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """The secret, or None."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Keep it."""

    def delete_password(self, service: str, username: str, /) -> None:
        """Forget it."""


class NoKeyring(Exception):
    """There is none, or it does not answer in time."""


class Secrets:
    """Secrets by name. Nothing here waits longer than ``answer_within_s`` and nothing is ever logged."""

    def __init__(
        self,
        file: Path,
        *,
        backend: Callable[[], Keyring | None] | None = None,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._file = file
        self._backend = usable_keyring if backend is None else backend
        self._within_s = answer_within_s
        self._is_silent = False

    async def has_keyring(self) -> bool:
        """Whether the platform's keyring answers; if not, offer the choice of a file or of nothing."""
        try:
            await self._ask(lambda ring: ring.get_password(SERVICE, "probe"))
        except NoKeyring:
            return False
        return True

    async def remember(self, name: str, secret: str, keeping: Keeping = Keeping.KEYRING) -> Keeping:
        """Keep a secret; where it went. The keyring failing means it went nowhere: ask the operator.

        Raises:
            OSError: the file cannot be written.
        """
        if keeping is Keeping.KEYRING:
            try:
                await self._ask(lambda ring: ring.set_password(SERVICE, name, secret))
            except NoKeyring:
                return Keeping.NOWHERE
            await self._forget_in_file(name)
        elif keeping is Keeping.FILE:
            await asyncio.to_thread(self._write, name, secret)
        return keeping

    async def recall(self, name: str) -> str | None:
        """The secret, from wherever it was kept; None when nobody knows it."""
        kept = (await asyncio.to_thread(self._read)).get(name)
        if kept is not None:
            return kept
        try:
            return await self._ask(lambda ring: ring.get_password(SERVICE, name))
        except NoKeyring:
            return None

    async def forget(self, name: str) -> None:
        """Forget it everywhere."""
        await self._forget_in_file(name)
        with contextlib.suppress(NoKeyring):
            await self._ask(lambda ring: _delete(ring, name))

    async def _forget_in_file(self, name: str) -> None:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._write, name, None)

    def _read(self) -> dict[str, str]:
        kept, complaint = read_json(self._file)
        if complaint is not None:
            _log.warning("remembered passwords: %s", complaint)
        return {name: secret for name, secret in kept.items() if isinstance(secret, str)}

    def _write(self, name: str, secret: str | None) -> None:
        kept = self._read()
        if kept.get(name) == secret:
            return
        kept.pop(name, None)
        if secret is not None:
            kept[name] = secret
        write_json(self._file, kept, is_private=True)

    async def _ask(self, question: Callable[[Keyring], Result]) -> Result:
        if self._is_silent:
            raise NoKeyring("it did not answer before")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def ask() -> None:
            try:
                ring = self._backend()
                if ring is None:
                    raise NoKeyring("none")
                settle: Callable[[], None] = partial(_resolve, answer, question(ring))
            except Exception as error:  # noqa: BLE001  backends raise what their D-Bus or OS layer raises
                settle = partial(_reject, answer, error)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle)

        # A thread of its own, as a daemon: one that hangs must hold up neither the pool nor the exit.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            return await asyncio.wait_for(answer, self._within_s)
        except TimeoutError:
            self._is_silent = True
            _log.warning("the keyring does not answer; it is left alone until the next start")
            raise NoKeyring("no answer in time") from None


def _resolve(answer: asyncio.Future[Result], result: Result) -> None:
    if not answer.done():
        answer.set_result(result)


def _reject(answer: asyncio.Future[Result], error: Exception) -> None:
    if not answer.done():
        wrapped = NoKeyring(type(error).__name__)
        wrapped.__cause__ = error
        answer.set_exception(wrapped)


def usable_keyring() -> Keyring | None:
    """The platform's keyring; None where keyring found nothing or was switched off."""
    ring = keyring.get_keyring()
    if isinstance(ring, (fail.Keyring, null.Keyring)) or ring.priority <= 0:
        return None
    return ring


def _delete(ring: Keyring, name: str) -> None:
    with contextlib.suppress(keyring.errors.PasswordDeleteError):
        ring.delete_password(SERVICE, name)
