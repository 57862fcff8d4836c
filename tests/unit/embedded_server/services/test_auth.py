"""Tokens, attempts and users, with users kept in memory and time that moves when told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from embedded_server.services.auth import (
    ADMINISTRATOR,
    Attempts,
    AuthService,
    Passwords,
    Permission,
    Scope,
    UserRecord,
)
from embedded_server.services.errors import Denied, Exhausted, Invalid, NotFound, Unauthenticated
from tests.support.server_parts import quick_hasher
from tests.support.server_values import StoppedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

pytestmark = pytest.mark.anyio


@dataclass
class UsersInMemory:
    """Implements ``Users``."""

    users: dict[int, UserRecord] = field(default_factory=dict)

    async def by_name(self, username: str) -> UserRecord | None:
        found = (each for each in self.users.values() if each.username == username.lower())
        return next(found, None)

    async def by_id(self, user_id: int) -> UserRecord | None:
        return self.users.get(user_id)

    async def add(self, user: UserRecord, created_at: datetime) -> UserRecord:
        stored = replace(user, id=len(self.users) + 1)
        self.users[stored.id] = stored
        return stored

    async def add_first(self, user: UserRecord, created_at: datetime) -> UserRecord | None:
        return None if await self.count(user.role) else await self.add(user, created_at)

    async def set_password(self, user_id: int, password_hash: str) -> None:
        user = self.users[user_id]
        self.users[user_id] = replace(
            user, password_hash=password_hash, token_epoch=user.token_epoch + 1
        )

    async def signed_in(self, user_id: int, at: datetime) -> None:
        pass

    async def count(self, role: str) -> int:
        return sum(user.role == role for user in self.users.values())


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def auth(clock: StoppedClock) -> Iterator[AuthService]:
    passwords = Passwords(quick_hasher())
    yield AuthService(UsersInMemory(), clock, key=bytes(32), passwords=passwords)
    passwords.close()


async def test_token_lives_its_time(auth: AuthService, clock: StoppedClock) -> None:
    await auth.create("kim", "correct horse", "operator")
    signed_in = await auth.sign_in("kim", "correct horse")
    clock.advance(899)
    caller = await auth.authenticate(signed_in.token, Scope.ACCESS)
    assert caller.may(Permission.PTZ_CONTROL)
    assert auth.seconds_left(caller) == 1
    with pytest.raises(Denied, match=r"cameras\.edit"):
        caller.require(Permission.CAMERAS_EDIT)
    clock.advance(1)
    with pytest.raises(Unauthenticated, match="expired"):
        await auth.authenticate(signed_in.token, Scope.ACCESS)


async def test_other_password_ends_all_sessions(auth: AuthService) -> None:
    await auth.create("kim", "correct horse", "operator")
    token = (await auth.sign_in("kim", "correct horse")).token
    await auth.reset_password("kim", "another horse")
    with pytest.raises(Unauthenticated):
        await auth.authenticate(token, Scope.ACCESS)
    with pytest.raises(Unauthenticated):
        await auth.sign_in("kim", "correct horse")
    assert (await auth.sign_in("kim", "another horse")).user.username == "kim"


async def test_name_and_password_fail_alike(auth: AuthService) -> None:
    await auth.create("kim", "correct horse", "operator")
    sentences = set()
    for name in ("kim", "nobody"):
        with pytest.raises(Unauthenticated) as refused:
            await auth.sign_in(name, "wrong")
        sentences.add(refused.value.message)
    assert len(sentences) == 1


async def test_first_administrator_is_made_once(auth: AuthService) -> None:
    assert await auth.ensure_administrator("kim", "correct horse") is None
    assert await auth.ensure_administrator("lee", "another horse") is None
    with pytest.raises(Unauthenticated):
        await auth.sign_in("lee", "another horse")
    assert (await auth.sign_in("kim", "correct horse")).user.role == ADMINISTRATOR


async def test_setup_link_works_once(auth: AuthService) -> None:
    secret = await auth.ensure_administrator(None, None)
    assert secret is not None
    with pytest.raises(Denied):
        await auth.set_up(secret + "x", "kim", "correct horse")
    with pytest.raises(Invalid, match="8 characters"):
        await auth.set_up(secret, "kim", "short")
    assert (await auth.set_up(secret, "kim", "correct horse")).user.role == ADMINISTRATOR
    with pytest.raises(Denied):
        await auth.set_up(secret, "lee", "correct horse")


async def test_unusable_users(auth: AuthService) -> None:
    for name, password, role in (
        ("", "correct horse", "viewer"),
        ("a\nb", "correct horse", "viewer"),
        ("kim", "short", "viewer"),
        ("kim", "correct horse", "king"),
    ):
        with pytest.raises(Invalid):
            await auth.create(name, password, role)
    with pytest.raises(NotFound):
        await auth.reset_password("nobody", "correct horse")


def test_waiting_grows_and_is_forgotten(clock: StoppedClock) -> None:
    attempts, kim = Attempts(clock), ("kim", "192.0.2.1")
    waits = []
    for number in range(12):
        if number >= Attempts.FREE:
            with pytest.raises(Exhausted) as refused:
                attempts.check(kim)
            waits.append(refused.value.details["retry_after_s"])
            clock.advance(waits[-1])
        attempts.check(kim)
        attempts.failed(kim)
    assert waits[:3] == [3, 5, 9]
    assert waits[-1] == 61
    attempts.check(("kim", "192.0.2.2"))
    clock.advance(Attempts.FORGET_S + 1)
    attempts.check(kim)
    attempts.failed(kim)
    attempts.check(kim)
