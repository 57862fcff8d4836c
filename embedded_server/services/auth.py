"""Who may do what: users, passwords, tokens, and the first administrator."""

from __future__ import annotations

import asyncio
import enum
import hmac
import secrets
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from embedded_server.services.errors import (
    Denied,
    Exhausted,
    Invalid,
    NotFound,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_server.services.ports import Clock

Result = TypeVar("Result")

ALGORITHM = "HS256"
ACCESS_LIFETIME = timedelta(minutes=15)
MEDIA_LIFETIME = timedelta(seconds=300)
MIN_PASSWORD = 8
USER_FRESH_S = 5.0
"""For how long a user is remembered between requests; a password changed elsewhere is felt after that."""
MAX_HASHING = 16
"""Sign-ins that may wait for the hash; one takes about 50 ms and 64 MB on purpose."""


class Scope(enum.StrEnum):
    """What a token opens."""

    ACCESS = "access"
    MEDIA = "media"


class Permission(enum.StrEnum):
    """What a user may be allowed to do."""

    CAMERAS_VIEW = "cameras.view"
    CAMERAS_EDIT = "cameras.edit"
    EVENTS_VIEW = "events.view"
    EVENTS_EDIT = "events.edit"
    RECORDINGS_VIEW = "recordings.view"
    PTZ_CONTROL = "ptz.control"
    SYSTEM_VIEW = "system.view"
    SETTINGS_ADMIN = "settings.admin"
    USERS_ADMIN = "users.admin"


ADMINISTRATOR = "administrator"
_VIEWING = frozenset(
    {
        Permission.CAMERAS_VIEW,
        Permission.EVENTS_VIEW,
        Permission.RECORDINGS_VIEW,
        Permission.SYSTEM_VIEW,
    }
)
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": _VIEWING,
    "operator": _VIEWING | {Permission.EVENTS_EDIT, Permission.PTZ_CONTROL},
    ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user as stored."""

    id: int
    uuid: str
    username: str
    role: str
    password_hash: str
    token_epoch: int = 0
    tenant: int = 1
    email: str | None = None
    disabled: bool = False

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role allows; nothing for a role that this version does not know."""
        return ROLES.get(self.role, frozenset())


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request."""

    user_id: int
    username: str
    role: str
    permissions: frozenset[Permission]
    scope: Scope
    expires_at: datetime
    tenant: int = 1

    def may(self, permission: Permission) -> bool:
        """Whether it is allowed."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Go on only if allowed.

        Raises:
            Denied: it is not.
        """
        if not self.may(permission):
            raise Denied(
                f"The account {self.username} may not do this: it lacks the permission "
                f"{permission.value}. Ask an administrator.",
                code="insufficient_permissions",
                permission=permission.value,
            )


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A successful sign-in."""

    token: str
    lifetime: timedelta
    user: UserRecord


class Users(Protocol):
    """Where users are kept."""

    async def by_name(self, username: str) -> UserRecord | None:
        """Whoever has that name, whatever its case."""

    async def by_id(self, user_id: int) -> UserRecord | None:
        """Whoever has that id."""

    async def add(self, user: UserRecord, created_at: datetime) -> UserRecord:
        """Store; the id is chosen here.

        Raises:
            Conflict: the name is taken.
        """

    async def add_first(self, user: UserRecord, created_at: datetime) -> UserRecord | None:
        """Store it unless there is any user with that role; None when there is."""

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """Replace the password and end all sessions of the user."""

    async def signed_in(self, user_id: int, at: datetime) -> None:
        """Remember when."""

    async def count(self, role: str) -> int:
        """How many enabled users have that role."""


class Passwords:
    """Argon2id in threads of its own, so that a flood of sign-ins costs neither the loop nor the memory."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="password")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; takes as long for a user that does not exist (``stored`` None)."""
        return await self._run(lambda: self._matches(stored, password))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _matches(self, stored: str | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_hex())
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_HASHING:
            raise Exhausted(
                "Too many people sign in at once. Try again in a few seconds.",
                code="rate_limit_exceeded",
                retry_after_s=5,
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


class Attempts:
    """Failed sign-ins by name and address: after a few, the next must wait longer and longer.

    By both, so that a stranger who guesses at a name cannot lock its owner out from another machine.
    """

    FREE = 5
    LONGEST_S = 60.0
    FORGET_S = 900.0
    REMEMBERED = 10_000

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def check(self, who: tuple[str, str]) -> None:
        """Go on only if the wait is over.

        Raises:
            Exhausted: it is not.
        """
        count, last = self._failed.get(who, (0, 0.0))
        if count < self.FREE:
            return
        waited = self._clock.monotonic() - last
        left = min(2.0 ** (count - self.FREE + 1), self.LONGEST_S) - waited
        if waited > self.FORGET_S:
            del self._failed[who]
        elif left > 0:
            raise Exhausted(
                f"Too many failed sign-ins. Try again in {int(left) + 1} s.",
                code="rate_limit_exceeded",
                retry_after_s=int(left) + 1,
            )

    def failed(self, who: tuple[str, str]) -> None:
        """Count one."""
        count, _ = self._failed.pop(who, (0, 0.0))
        self._failed[who] = (count + 1, self._clock.monotonic())
        if len(self._failed) > self.REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, who: tuple[str, str]) -> None:
        """Forget the failures."""
        self._failed.pop(who, None)


class AuthService:
    """Sign-in, tokens and users."""

    def __init__(
        self,
        users: Users,
        clock: Clock,
        *,
        key: bytes,
        passwords: Passwords,
        access_lifetime: timedelta = ACCESS_LIFETIME,
        media_lifetime: timedelta = MEDIA_LIFETIME,
    ) -> None:
        self._users = users
        self._clock = clock
        self._key = key
        self._passwords = passwords
        self._access_lifetime = access_lifetime
        self._media_lifetime = media_lifetime
        self._attempts = Attempts(clock)
        self._known: dict[int, tuple[UserRecord, float]] = {}
        self._setup_secret: str | None = None

    async def sign_in(self, username: str, password: str, *, address: str = "") -> SignedInUser:
        """Check the password and give an access token.

        Raises:
            Unauthenticated: name or password is wrong; which of the two is not said.
            Exhausted: too many attempts.
        """
        who = (username.casefold(), address)
        self._attempts.check(who)
        user = await self._users.by_name(username)
        stored = user.password_hash if user is not None and not user.disabled else None
        if not await self._passwords.matches(stored, password) or user is None:
            self._attempts.failed(who)
            raise Unauthenticated(
                "The user name or the password is wrong.", code="invalid_credentials"
            )
        self._attempts.succeeded(who)
        self._remember(user)
        await self._users.signed_in(user.id, self._clock.now())
        return SignedInUser(
            self._token(user, Scope.ACCESS, self._access_lifetime), self._access_lifetime, user
        )

    async def media_token(self, caller: Principal) -> tuple[str, timedelta]:
        """A token that opens media routes only, and for how long."""
        user = await self._user(caller.user_id)
        return self._token(user, Scope.MEDIA, self._media_lifetime), self._media_lifetime

    async def authenticate(self, token: str, scope: Scope) -> Principal:
        """Whose token this is.

        Raises:
            Unauthenticated: it is no token of ours, has expired, was withdrawn, or opens something else.
        """
        claims = self._claims(token)
        if claims.get("scope") != scope.value:
            raise Unauthenticated("This token does not open this.", code="invalid_token")
        try:
            user_id, epoch = int(claims["sub"]), int(claims["epoch"])
        except (KeyError, ValueError, TypeError) as error:
            raise Unauthenticated("This is not a token of this server.") from error
        user = await self._user(user_id)
        if user.disabled or user.token_epoch != epoch:
            raise _expired()
        return Principal(
            user_id=user.id,
            username=user.username,
            role=user.role,
            permissions=user.permissions,
            scope=scope,
            expires_at=datetime.fromtimestamp(float(claims["exp"]), UTC),
            tenant=user.tenant,
        )

    def scope_of(self, token: str) -> Scope | None:
        """What a token is for; None for one that is not ours or is over."""
        try:
            return Scope(self._claims(token).get("scope", ""))
        except (Unauthenticated, ValueError):
            return None

    def seconds_left(self, caller: Principal) -> float:
        """How long the caller's token still lives."""
        return max(0.0, (caller.expires_at - self._clock.now()).total_seconds())

    async def user(self, caller: Principal) -> UserRecord:
        """The user behind the caller."""
        return await self._user(caller.user_id)

    async def create(self, username: str, password: str, role: str) -> UserRecord:
        """Add a user.

        Raises:
            Invalid: the role does not exist, or name or password cannot be used.
            Conflict: the name is taken.
        """
        return await self._users.add(await self._new(username, password, role), self._clock.now())

    async def reset_password(self, username: str, password: str) -> None:
        """Give a user another password; all their sessions end.

        Raises:
            NotFound: there is no such user.
            Invalid: the password cannot be used.
        """
        user = await self._users.by_name(username)
        if user is None:
            raise NotFound(f"There is no user {username}.", code="user_not_found")
        _check_password(password)
        await self._users.set_password(user.id, await self._passwords.hash(password))
        self._known.pop(user.id, None)

    async def ensure_administrator(self, username: str | None, password: str | None) -> str | None:
        """Make the first administrator from what was handed in, or open the setup page.

        Returns:
            The secret of the setup link, if somebody has to follow it.
        """
        if await self._users.count(ADMINISTRATOR):
            return None
        if password:
            user = await self._new(username or "admin", password, ADMINISTRATOR)
            await self._users.add_first(user, self._clock.now())
            return None
        self._setup_secret = secrets.token_urlsafe(24)
        return self._setup_secret

    async def set_up(self, secret: str, username: str, password: str) -> SignedInUser:
        """Make the first administrator by the setup link, and sign them in.

        Raises:
            Denied: the secret is wrong or has been used.
            Invalid: name or password cannot be used.
        """
        if not self.is_setup_secret(secret):
            raise _used_link()
        user = await self._new(username, password, ADMINISTRATOR)
        added = await self._users.add_first(user, self._clock.now())
        self._setup_secret = None
        if added is None:
            raise _used_link()
        return SignedInUser(
            self._token(added, Scope.ACCESS, self._access_lifetime), self._access_lifetime, added
        )

    def is_setup_secret(self, secret: str) -> bool:
        """Whether this is the secret of the setup link, and it has not been used."""
        expected = self._setup_secret
        return expected is not None and hmac.compare_digest(secret.encode(), expected.encode())

    async def _new(self, username: str, password: str, role: str) -> UserRecord:
        name = username.strip()
        if not name or not name.isprintable():
            raise Invalid(
                "A user name has at least one character and no control characters.",
                code="invalid_username",
                field="username",
            )
        if role not in ROLES:
            raise Invalid(
                f"There is no role {role}; the roles are {', '.join(ROLES)}.", field="role"
            )
        _check_password(password)
        return UserRecord(0, str(uuid.uuid4()), name, role, await self._passwords.hash(password))

    def _token(self, user: UserRecord, scope: Scope, lifetime: timedelta) -> str:
        now = self._clock.now()
        claims = {
            "sub": str(user.id),
            "scope": scope.value,
            "epoch": user.token_epoch,
            "jti": secrets.token_hex(8),
            "iat": now.timestamp(),
            "exp": (now + lifetime).timestamp(),
        }
        return jwt.encode(claims, self._key, ALGORITHM)

    def _claims(self, token: str) -> dict[str, Any]:
        """Checked by our clock and not the library's, so that tests need not wait."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                [ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
            )
            is_over = float(claims["exp"]) <= self._clock.now().timestamp()
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Unauthenticated(
                "This is not a token of this server. Sign in again.", code="invalid_token"
            ) from error
        if is_over:
            raise _expired()
        return claims

    async def _user(self, user_id: int) -> UserRecord:
        known, since = self._known.get(user_id, (None, 0.0))
        if known is not None and self._clock.monotonic() - since < USER_FRESH_S:
            return known
        user = await self._users.by_id(user_id)
        if user is None:
            raise _expired()
        self._remember(user)
        return user

    def _remember(self, user: UserRecord) -> None:
        self._known[user.id] = (user, self._clock.monotonic())


def _check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            f"A password has at least {MIN_PASSWORD} characters.",
            code="password_too_short",
            field="password",
        )


def _expired() -> Unauthenticated:
    return Unauthenticated("The token has expired. Sign in again.", code="expired_token")


def _used_link() -> Denied:
    return Denied(
        "This setup link is not valid or has been used. Start the server again for a new one.",
        code="setup_link_invalid",
    )
