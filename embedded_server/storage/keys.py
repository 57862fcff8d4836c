"""Keys of this server, made once and kept in the data directory where only its user can read them."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken

from embedded_server.storage.directory import reason
from embedded_server.storage.errors import DataDirectoryUnusable, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN_KEY = "tokens.key"
CAMERA_KEY = "cameras.key"
_SIGN_IN = "have everybody sign in anew"


class DamagedKey(StorageError):
    """A key file does not hold a key."""

    def __init__(self, path: Path, *, then: str) -> None:
        super().__init__(
            f"The key file {path} is damaged. Put it back from a backup; or delete it, start again, and {then}.",
            code="key_damaged",
        )


class Vault:
    """Encrypts what must not lie readable in the catalogue."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def open(cls, secrets_dir: Path) -> Vault:
        """With the key of this server.

        Raises:
            DamagedKey: the file does not hold one.
            DataDirectoryUnusable: it can be neither read nor made.
        """
        path = secrets_dir / CAMERA_KEY
        try:
            return cls(_kept(path, Fernet.generate_key))
        except ValueError as error:
            raise DamagedKey(path, then="enter the passwords of the cameras anew") from error

    def seal(self, plain: bytes) -> bytes:
        """Encrypted and authenticated."""
        return self._fernet.encrypt(plain)

    def open_sealed(self, sealed: bytes) -> bytes | None:
        """The plain bytes; None when they were sealed with another key."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            return None


def token_key(secrets_dir: Path) -> bytes:
    """The key that signs tokens.

    Raises:
        DamagedKey: the file does not hold one.
        DataDirectoryUnusable: it can be neither read nor made.
    """
    path = secrets_dir / TOKEN_KEY
    try:
        key = bytes.fromhex(_kept(path, lambda: secrets.token_hex(32).encode()).decode("ascii"))
    except ValueError as error:
        raise DamagedKey(path, then=_SIGN_IN) from error
    if len(key) < 32:
        raise DamagedKey(path, then=_SIGN_IN)
    return key


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; made first if it is not there, in a way that two makers cannot both win."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise DataDirectoryUnusable(path.parent, reason(error)) from error
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise DataDirectoryUnusable(path.parent, reason(error)) from error
