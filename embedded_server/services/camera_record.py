"""A camera as kept, and what a change makes of it. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import ConfigDict, Field

from embedded_server.contract.base import WireModel
from embedded_server.contract.cameras import (
    Audio,
    CameraWrite,
    DetectionSettings,
    Mask,
    Paths,
    RecordingSettings,
    Zone,
)
from embedded_server.services.camera_source import (
    Address,
    Login,
    Origin,
    is_whole,
    read_address,
    shown,
)
from embedded_server.services.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

ROLES: tuple[Literal["live", "record", "detect"], ...] = ("live", "record", "detect")
DEFAULT_TRANSPORT = "rtsp"
_FOLDER_REFUSED = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_SLUG_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "deleted", "validation"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)
"""Names that Windows gives to devices, since the slug names a folder; and literal routes."""
_PLAIN_FIELDS = (
    "device_type",
    "connection_method",
    "site_id",
    "edge_router_id",
    "transport",
    "rtsp_transport",
    "host",
    "port",
    "username",
    "folder_path",
)
_NOT_NULL = frozenset({"device_type", "connection_method", "rtsp_transport"})
Part = TypeVar("Part", bound=WireModel)


class CameraConfig(WireModel):
    """Everything that an administrator may set, but for secrets."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_type: str = "camera"
    connection_method: str = "direct"
    site_id: int | None = None
    edge_router_id: int | None = None
    transport: str | None = None
    rtsp_transport: str = "tcp"
    host: str | None = None
    port: int | None = None
    username: str | None = None
    folder_path: str | None = None
    paths: Paths = Field(default_factory=Paths)
    """As shown: without credentials."""
    audio: Audio = Field(default_factory=Audio)
    detection: DetectionSettings = Field(default_factory=DetectionSettings)
    recording: RecordingSettings = Field(default_factory=RecordingSettings)
    zones: list[Zone] = Field(default_factory=list)
    masks: list[Mask] = Field(default_factory=list)
    onvif_host: str | None = None
    onvif_port: int | None = None
    onvif_username: str | None = None

    @property
    def origin(self) -> Origin:
        """What path fragments are joined to."""
        return Origin(self.transport or DEFAULT_TRANSPORT, self.host, self.port)


@dataclass(frozen=True, slots=True)
class CameraSecrets:
    """What is encrypted at rest and never returned."""

    password: str | None = None
    onvif_password: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    """By the address as shown: as it was given, for those that hold secrets of their own."""

    def __repr__(self) -> str:
        return "CameraSecrets(…)"


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """A camera."""

    number: int
    uuid: str
    slug: str
    name: str
    enabled: bool
    created_at: datetime
    config: CameraConfig
    secrets: CameraSecrets = CameraSecrets()
    last_seen_at: datetime | None = None

    @property
    def has_password(self) -> bool:
        """Whether any credential is stored for its streams."""
        return self.secrets.password is not None or any(
            read_address(given, self.config.origin).login for given in self.secrets.sources.values()
        )

    def addresses(self) -> dict[str, Address]:
        """The address of each role that has a path; unreadable ones are left out."""
        found: dict[str, Address] = {}
        for role in ROLES:
            path = getattr(self.config.paths, role)
            if path is not None:
                try:
                    given = self.secrets.sources.get(path, path)
                    found[role] = read_address(given, self.config.origin)
                except Invalid:
                    continue
        return found

    def login_for(self, address: Address) -> Login | None:
        """The camera's own credentials, for its own host only: no other may learn them."""
        if self.secrets.password is None and self.config.username is None:
            return None
        if address.host != self._own_host():
            return None
        return Login(self.config.username or "", self.secrets.password or "")

    def _own_host(self) -> str:
        if self.config.host:
            return self.config.host.strip("[]").lower()
        hosts = [address.host for address in self.addresses().values() if address.host]
        return hosts[0] if hosts else ""


def changed(record: CameraRecord, write: CameraWrite) -> CameraRecord:
    """The camera after a change: what was not sent stays, a blank password keeps the stored one.

    Raises:
        Invalid: the change makes no sense.
    """
    sent = write.model_dump(exclude_unset=True)
    config = record.config.model_copy(update=_plain(sent))
    config = config.model_copy(update=_parts(config, write))
    edited = replace(
        record,
        name=clean_name(write.name) if write.name is not None else record.name,
        enabled=record.enabled if write.enabled is None else write.enabled,
        config=config,
        secrets=_with_passwords(record.secrets, write),
    )
    edited = _with_paths(edited, _sent_paths(sent))
    _check_whole(edited)
    return edited


def clean_name(name: str) -> str:
    """Trimmed.

    Raises:
        Invalid: nothing is left, or it has control characters.
    """
    name = name.strip()
    if not name or any(unicodedata.category(character) == "Cc" for character in name):
        raise Invalid(
            "A camera's name has at least one character and no control characters.",
            code="name_invalid",
            field="name",
        )
    return name


def free_slug(name: str, taken: Iterable[str]) -> str:
    """A slug for that name that nobody has had; safe as a folder's name everywhere."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].rstrip("_") or "camera"
    if base.isdigit() or base in _SLUG_RESERVED:
        base = f"camera_{base}"
    used = set(taken)
    slug, number = base, 2
    while slug in used:
        slug, number = f"{base}_{number}", number + 1
    return slug


def _plain(sent: Mapping[str, Any]) -> dict[str, Any]:
    update = {
        name: sent[name]
        for name in _PLAIN_FIELDS
        if name in sent and not (sent[name] is None and name in _NOT_NULL)
    }
    if update.get("folder_path") is not None:
        _check_folder(update["folder_path"])
    return update


def _parts(config: CameraConfig, write: CameraWrite) -> dict[str, Any]:
    update: dict[str, Any] = {
        "audio": _merged(config.audio, write.audio),
        "detection": _merged(config.detection, write.detection),
        "recording": _merged(config.recording, write.recording),
    }
    if write.zones is not None:
        update["zones"] = write.zones
    if write.masks is not None:
        update["masks"] = write.masks
    if write.onvif is not None:
        sent = write.onvif.model_dump(exclude_unset=True, exclude={"password", "clear_password"})
        update |= {f"onvif_{name}": value for name, value in sent.items()}
    return update


def _merged(old: Part, new: Part | None) -> Part:
    if new is None:
        return old
    return old.model_copy(update={name: getattr(new, name) for name in new.model_fields_set})


def _with_passwords(secrets: CameraSecrets, write: CameraWrite) -> CameraSecrets:
    if write.clear_password:
        secrets = replace(secrets, password=None, sources={})
    if write.password:
        secrets = replace(secrets, password=write.password)
    if write.onvif is not None and write.onvif.clear_password:
        secrets = replace(secrets, onvif_password=None)
    if write.onvif is not None and write.onvif.password:
        secrets = replace(secrets, onvif_password=write.onvif.password)
    return secrets


def _sent_paths(sent: Mapping[str, Any]) -> dict[str, str | None]:
    paths: dict[str, str | None] = {
        role: (path or None) for role, path in (sent.get("paths") or {}).items()
    }
    if sent.get("url"):
        paths.setdefault("live", sent["url"])
    return paths


def _with_paths(record: CameraRecord, paths: Mapping[str, str | None]) -> CameraRecord:
    """The camera with these paths; credentials that stand in them are taken out and kept apart."""
    for role, given in paths.items():
        text = None if given is None else given.strip()
        if text is not None and text not in record.secrets.sources:
            record, text = _without_secrets(record, text)
        kept = record.config.paths.model_copy(update={role: text})
        record = replace(record, config=record.config.model_copy(update={"paths": kept}))
    in_use = {getattr(record.config.paths, role) for role in ROLES}
    sources = {text: given for text, given in record.secrets.sources.items() if text in in_use}
    return replace(record, secrets=replace(record.secrets, sources=sources))


def _without_secrets(record: CameraRecord, text: str) -> tuple[CameraRecord, str]:
    address = read_address(text, record.config.origin)
    if is_whole(text):
        public, given = address.shown, address.opened(None)
    else:
        public, given = shown(text), text
    if address.login is not None and _may_adopt(record, address.login):
        config = record.config.model_copy(update={"username": address.login.username})
        secrets = replace(record.secrets, password=address.login.password)
        record, given = replace(record, config=config, secrets=secrets), address.url
    if given == public:
        return record, public
    sources = {**record.secrets.sources, public: given}
    return replace(record, secrets=replace(record.secrets, sources=sources)), public


def _may_adopt(record: CameraRecord, login: Login) -> bool:
    """Whether what stood in the URL can be the camera's own user name and password."""
    own = record.config.username, record.secrets.password
    return own in ((None, None), (login.username, login.password), (login.username, None))


def _check_whole(record: CameraRecord) -> None:
    config = record.config
    if config.connection_method == "bridge" and config.edge_router_id is None:
        raise Invalid(
            "A camera behind a bridge needs the bridge: give edge_router_id.",
            code="bridge_missing",
            field="edge_router_id",
        )
    given = [path for role in ROLES if (path := getattr(config.paths, role)) is not None]
    is_found = bool(record.number) and not record.enabled  # its footage was found, its row was lost
    if not given and config.folder_path is None and not is_found:
        raise Invalid(
            "A camera needs a source: paths (live, record or detect), a url, or a folder_path.",
            code="source_missing",
            field="paths",
        )
    for path in given:
        read_address(record.secrets.sources.get(path, path), config.origin)


def _check_folder(path: str) -> None:
    if ".." in re.split(r"[/\\]", path) or _FOLDER_REFUSED.search(path):
        raise Invalid(
            'A folder path has no .. and none of the characters < > : " | ? *.',
            code="folder_path_invalid",
            field="folder_path",
        )
