"""What an administrator may set: declared once, read from options, environment, ``server.toml`` and defaults, in that order."""

from __future__ import annotations

import ipaddress
import logging
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from embedded_server.services.errors import ErrorKind, ServiceError

SETTINGS_FILE = "server.toml"
PREFIX = "GATEHOUSE_"


class SettingsError(ServiceError):
    """The settings cannot be used; the sentence says which one and what to do."""

    kind = ErrorKind.INVALID


def default_data_dir() -> Path:
    """Where a server keeps everything unless told otherwise."""
    return Path(platformdirs.user_data_dir("gatehouse", appauthor=False))


class ServerSettings(BaseSettings):
    """Settings of one server; each is also ``GATEHOUSE_<NAME>`` and a line of ``server.toml`` in the data directory."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    insecure: bool = False
    """Bind another address than loopback although the connection is not encrypted."""
    database_url: str | None = None
    admin_username: str | None = None
    admin_password: SecretStr | None = None
    stop_at_eof: bool = False
    """End when standard input closes: a child whose parent was killed hears of it in no other way."""
    access_token_seconds: float = Field(default=900, gt=0, le=86_400)
    media_token_seconds: float = Field(default=300, gt=0, le=86_400)
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options before environment; the file is read by :func:`load`, which knows where it lies."""
        return init_settings, env_settings

    @property
    def log_level_number(self) -> int:
        """As ``logging`` has it."""
        return logging.getLevelNamesMapping()[self.log_level.upper()]

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check_bind(self) -> None:
        """Go on only if the address may be bound.

        Raises:
            SettingsError: others could reach the server, and nobody has said that this is meant.
        """
        if not self.is_loopback and not self.insecure:
            raise SettingsError(
                f"The address {self.host} can be reached by others, and the connection would not be encrypted. "
                "Use --host 127.0.0.1, or say --insecure if the network is safe.",
                code="insecure_bind",
            )


def load(**options: Any) -> ServerSettings:
    """The settings; options that are None were not given.

    Raises:
        SettingsError: one cannot be read.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        first = ServerSettings(**given)
        stored = _read_file(first.data_dir / SETTINGS_FILE)
        unset = {name: stored[name] for name in stored if name not in first.model_fields_set}
        return ServerSettings(**{**unset, **given})
    except ValidationError as error:
        raise SettingsError(_sentence(error), code="settings_invalid") from error


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error}.", code="settings_damaged"
        ) from error
    try:
        stored = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The settings file {path} is damaged: {error}. Correct it, or rename it to start with defaults.",
            code="settings_damaged",
        ) from error
    known = set(ServerSettings.model_fields) - {"data_dir"}
    unknown = sorted(set(stored) - known)
    if unknown:
        raise SettingsError(
            f"The settings file {path} has the unknown setting {unknown[0]}. Known are: "
            f"{', '.join(sorted(known))}.",
            code="settings_unknown",
        )
    return stored


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    return (
        f"The setting {name} cannot be used: {first['msg']}. It is the option --{name.replace('_', '-')}, "
        f"the variable {PREFIX}{name.upper()}, or {name} in {SETTINGS_FILE}."
    )
