"""Where a camera's pictures come from: addresses checked, joined, and freed of their secrets.

An address is what the administrator typed: a whole URL, or a fragment that is joined to transport, host, port and
credentials. Two forms of it exist. The *open* one carries credentials and goes to the capture alone; the *shown* one
goes everywhere else.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import url2pathname

from embedded_server.services.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
SCHEMES = (*NETWORK_SCHEMES, "file")
MASK = "***"
_WHOLE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_NAME = re.compile(r"^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$")
_SECRET_KEY = re.compile(r"pass|pwd|token|secret|auth|key|sign|credential", re.IGNORECASE)
_SECRET_IN_PATH = re.compile(r"((?:password|passwd|pwd|pass)=).*?(?=_\w+=|[&/;?]|$)", re.IGNORECASE)
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._?"


class Login(NamedTuple):
    """What a camera asks for."""

    username: str
    password: str


class Origin(NamedTuple):
    """What fragments are joined to."""

    transport: str
    host: str | None
    port: int | None


class Address(NamedTuple):
    """One checked address."""

    url: str
    """Without user name and password, but with whatever else it holds."""
    login: Login | None
    """What stood in it before the host."""

    @property
    def shown(self) -> str:
        """Safe to show, return and log."""
        return shown(self.url)

    @property
    def host(self) -> str:
        """Lower case; empty for a file."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def is_file(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.startswith("file:")

    def opened(self, login: Login | None) -> str:
        """With credentials, its own first."""
        login = self.login or login
        if login is None or self.is_file:
            return self.url
        parts = urlsplit(self.url)
        user = f"{quote(login.username, safe='')}:{quote(login.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


def read_address(text: str, origin: Origin) -> Address:
    """The address that the text means.

    Raises:
        Invalid: it is none, or one that a camera must not have.
    """
    text = text.strip()
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise _refused("it contains control characters")
    return _read_whole(text) if is_whole(text) else _join(text, origin)


def is_whole(text: str) -> bool:
    """Whether it is a whole URL, and not a fragment."""
    return _WHOLE.match(text) is not None


class FileRule:
    """Which files may be cameras: existing ones, on a server that only this machine can reach.

    Otherwise a camera would be a way to have the server read any file to whoever may add cameras.
    """

    def __init__(
        self, *, allow_files: bool, is_file: Callable[[Path], bool] = Path.is_file
    ) -> None:
        self._allow_files = allow_files
        self._is_file = is_file

    def allows(self, address: Address) -> bool:
        """Whether it may be opened at all; whether it is there is another question."""
        return self._allow_files or not address.is_file

    def check(self, address: Address) -> None:
        """Go on only if the address may become a camera.

        Raises:
            Invalid: it may not.
        """
        if not self.allows(address):
            raise _refused("files are sources only on a server that nobody else can reach")
        if address.is_file and not self._is_file(path := file_path(address.url)):
            raise _refused(f"there is no file {path.name} at that place")


def file_path(url: str) -> Path:
    """The file that a file URL names."""
    return Path(url2pathname(urlsplit(url).path))


def shown(url: str) -> str:
    """The URL without credentials, and without the values of query parameters that look like secrets."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    path = _SECRET_IN_PATH.sub(rf"\1{MASK}", parts.path)
    query = parts.query
    if any(_SECRET_KEY.search(key) for key, _ in parse_qsl(query, keep_blank_values=True)):
        pairs = parse_qsl(query, keep_blank_values=True)
        query = urlencode(
            [(key, MASK if _SECRET_KEY.search(key) else value) for key, value in pairs], safe="*/:"
        )
    return urlunsplit(parts._replace(netloc=netloc, path=path, query=query))


def check_host(host: str) -> str:
    """The host as it may stand in a URL; IPv6 in brackets.

    Raises:
        Invalid: it is no host name and no address.
    """
    bare = host.strip().removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        if len(bare) > 253 or not _HOST_NAME.match(bare):
            raise _refused("its host is neither a name nor an address", field="host") from None
        return bare
    return f"[{address}]" if address.version == 6 else str(address)


def _read_whole(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refused("its host or port cannot be read") from error
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise _refused(f"{scheme}: is not one of {', '.join(SCHEMES)}")
    if parts.fragment:
        raise _refused("it contains a #, which must be written as %23")
    if scheme == "file":
        return _read_file(parts.netloc, parts.path)
    netloc = check_host(parts.hostname or "") + ("" if port is None else f":{port}")
    path = quote(parts.path, safe=_SAFE_IN_PATH)
    url = urlunsplit((scheme, netloc, path, quote(parts.query, safe=_SAFE_IN_PATH), ""))
    if parts.username is None:
        return Address(url, None)
    return Address(url, Login(unquote(parts.username), unquote(parts.password or "")))


def _read_file(host: str, path: str) -> Address:
    if host.lower() not in ("", "localhost"):
        raise _refused("a file must be on this machine")
    if not path.strip("/"):
        raise _refused("it names no file")
    path = f"/{path.removeprefix('/')}"
    return Address(f"file://{quote(path, safe=_SAFE_IN_PATH)}", None)


def _join(fragment: str, origin: Origin) -> Address:
    if origin.transport == "file":
        return _read_file("", fragment)
    if not origin.host:
        raise Invalid(
            f"The path {shown(fragment)!r} is only the end of an address: give the host too, or a whole URL.",
            code="source_incomplete",
            field="host",
        )
    if "#" in fragment:
        raise _refused("it contains a #, which must be written as %23")
    netloc = check_host(origin.host) + ("" if origin.port is None else f":{origin.port}")
    rest = quote(fragment.lstrip("/"), safe=_SAFE_IN_PATH)
    return Address(f"{origin.transport}://{netloc}/{rest}", None)


def _refused(cause: str, *, field: str = "paths") -> Invalid:
    return Invalid(
        f"The camera's address cannot be used: {cause}.", code="source_invalid", field=field
    )
