"""Connecting to systems and leaving them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from console.domain.address import host_of, normalised, system_id
from console.domain.errors import CannotConnect, ConsoleError, SignInRefused
from console.domain.notice import Level
from console.domain.system import Phase, SystemRecord, SystemState
from console.secrets import Keeping

if TYPE_CHECKING:
    from console.known_systems import KnownSystems
    from console.secrets import Secrets
    from console.server_process import ServerProcess
    from console.session import Sessions
    from console.store.notices import NoticeStore
    from console.store.systems import SystemStore

_log = logging.getLogger("gatehouse.connect")
THIS_COMPUTER = "local"
NAME_HERE = "This computer"


class ConnectParts(Protocol):
    """What connecting needs; ``ConsoleParts`` is one."""

    @property
    def sessions(self) -> Sessions:
        """Running sessions."""

    @property
    def known(self) -> KnownSystems:
        """Remembered systems."""

    @property
    def secrets(self) -> Secrets:
        """Remembered passwords."""

    @property
    def server(self) -> ServerProcess:
        """The embedded server."""

    @property
    def systems(self) -> SystemStore:
        """State of the systems."""

    @property
    def notices(self) -> NoticeStore:
        """What the operator is told."""


async def use_this_computer(parts: ConnectParts) -> str:
    """Start the embedded server and sign in to it; the system's id.

    Raises:
        ConsoleError: it cannot start, or does not let us in.
    """
    known = parts.systems.get(THIS_COMPUTER)
    parts.systems.put(
        SystemState(
            THIS_COMPUTER, NAME_HERE, "", Phase.CONNECTING, cause="Its server is being started."
        )
    )
    parts.systems.flush()
    try:
        return await _use_this_computer(parts)
    except BaseException:
        if known is None:
            parts.systems.remove(THIS_COMPUTER)
        else:
            parts.systems.put(known)
        raise


async def _use_this_computer(parts: ConnectParts) -> str:
    address = await parts.server.start()
    username, password = await parts.server.sign_in.get()
    record = SystemRecord(THIS_COMPUTER, NAME_HERE, address, username, is_embedded=True)
    try:
        await parts.sessions.connect(record, password)
    except SignInRefused:
        await parts.server.restore_account()
        await parts.sessions.connect(record, password)
    _remember(parts, record)
    return record.id


async def connect_to(
    parts: ConnectParts,
    address: str,
    username: str,
    password: str,
    keeping: Keeping = Keeping.NOWHERE,
) -> str:
    """Sign in to a server and follow it from now on; the system's id.

    Args:
        parts: of the console.
        address: as typed: host, host:port or URL.
        username: of the account.
        password: of the account.
        keeping: where the password is remembered. If the keyring turns out not to work, the operator is told.

    Raises:
        ConsoleError: nothing was connected; cause and remedy are in it.
    """
    address = normalised(address)
    record = SystemRecord(system_id(address), host_of(address), address, username)
    await parts.sessions.connect(record, password)
    _remember(parts, record)
    await _keep_password(parts, record, password, keeping)
    return record.id


async def sign_in_again(
    parts: ConnectParts, system: str, password: str, keeping: Keeping = Keeping.NOWHERE
) -> None:
    """Sign in to a remembered system, after its session has ended.

    Raises:
        ConsoleError: it did not succeed.
    """
    record = parts.known.get(system)
    if record is None:
        raise CannotConnect("This system is not known any more.", remedy="Add it again.")
    await parts.sessions.connect(record, password)
    await _keep_password(parts, record, password, keeping)


async def resume_all(parts: ConnectParts) -> None:
    """Go back to every remembered system; one that fails does not hold up the others."""
    await asyncio.gather(*(_resume_or_say_why(parts, record) for record in parts.known.records))


async def sign_out(parts: ConnectParts, system: str) -> None:
    """Leave a system and forget its password; the system itself stays in the list of known ones.

    Raises:
        ConsoleError: the list cannot be written.
    """
    await parts.sessions.sign_out(system)
    record = parts.known.get(system)
    if record is None:
        return
    parts.systems.put(
        SystemState(
            record.id,
            record.name,
            record.address,
            Phase.SIGNED_OUT,
            cause="You have signed out.",
            remedy="Sign in to go on.",
        )
    )
    if not record.is_embedded:
        await parts.secrets.forget(_secret_name(record))


async def forget(parts: ConnectParts, system: str) -> None:
    """Leave a system and forget that it was ever there; what it holds stays there.

    Raises:
        ConsoleError: the list cannot be written.
    """
    await sign_out(parts, system)
    parts.systems.remove(system)
    try:
        parts.known.forget(system)
    except OSError as error:
        raise CannotConnect(f"The list of systems cannot be written: {error}.") from error


async def _resume_or_say_why(parts: ConnectParts, record: SystemRecord) -> None:
    try:
        await _resume(parts, record)
    except ConsoleError as error:
        _show_signed_out(parts, record, error)


async def _resume(parts: ConnectParts, record: SystemRecord) -> None:
    if record.is_embedded:
        await use_this_computer(parts)
        return
    password = await parts.secrets.recall(_secret_name(record))
    if password is None:
        raise CannotConnect(f"The password for {record.name} is not remembered.", remedy="Sign in.")
    await parts.sessions.resume(record, password)


def _show_signed_out(parts: ConnectParts, record: SystemRecord, error: ConsoleError) -> None:
    parts.systems.put(
        SystemState(
            record.id,
            record.name,
            record.address,
            Phase.SIGNED_OUT,
            cause=str(error),
            remedy=error.remedy,
        )
    )
    parts.notices.say(str(error), level=Level.ERROR, remedy=error.remedy, source=record.name)


def _remember(parts: ConnectParts, record: SystemRecord) -> None:
    try:
        parts.known.remember(record)
    except OSError as error:
        parts.notices.say(
            f"{record.name} cannot be remembered: {error}.",
            level=Level.WARNING,
            remedy="Free some space or make the configuration folder writable.",
        )


async def _keep_password(
    parts: ConnectParts, record: SystemRecord, password: str, keeping: Keeping
) -> None:
    try:
        kept = await parts.secrets.remember(_secret_name(record), password, keeping)
    except OSError as error:
        _log.warning("a password cannot be kept: %s", error)
        kept = Keeping.NOWHERE
    if kept is not keeping:
        parts.notices.say(
            f"The password for {record.name} could not be remembered.",
            level=Level.WARNING,
            remedy="You will be asked for it at the next start.",
        )


def _secret_name(record: SystemRecord) -> str:
    return f"{record.username}@{record.address}"
