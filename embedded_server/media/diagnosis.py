"""What to tell the operator when a camera cannot be opened; knocks at its port to find out."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import av

from embedded_server.media.errors import CameraLost, CaptureError, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_KNOCK_S = 1.0


class Address(NamedTuple):
    """Where a stream comes from, fit to be shown; ``host`` is empty for a file."""

    host: str
    port: int
    path: str
    shown: str


def address_of(url: str, shown_url: str) -> Address:
    """The address in a URL whose credentials stay unsaid."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    return Address(parts.hostname or "", port, parts.path, _without_sign_in(shown_url))


def _without_sign_in(url: str) -> str:
    """It should hold none; a log is too late a place to find out otherwise."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def knock(address: Address, timeout_s: float = _KNOCK_S) -> str:
    """``open``, ``refused``, ``silent``, ``unreachable`` or ``unknown`` (the name)."""
    try:
        socket.create_connection((address.host, address.port), timeout_s).close()
    except socket.gaierror:
        return "unknown"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"
    except OSError:
        return "unreachable"
    return "open"


def explain(
    error: Exception, address: Address, *, knock: Callable[[Address], str] = knock
) -> CaptureError:
    """The library's error as one of ours."""
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return Unauthorised(
            f"{address.shown} refuses the user name or the password."
            " Correct them in the camera's settings."
        )
    if isinstance(error, av.HTTPNotFoundError):
        return CameraLost(
            f"{address.host} has no stream at {address.path or '/'}. Check the path of the address."
        )
    if not address.host:
        return _explain_file(error, address)
    return _explain_network(error, address, knock(address))


def _explain_file(error: Exception, address: Address) -> CameraLost:
    if isinstance(error, FileNotFoundError):
        return CameraLost(f"There is no file {address.shown}. Check its path.")
    if isinstance(error, PermissionError):
        return CameraLost(f"{address.shown} may not be read. Check its permissions.")
    return CameraLost(f"{address.shown} is no video file, or is damaged.")


def _explain_network(error: Exception, address: Address, answer: str) -> CameraLost:
    host, port = address.host, address.port
    sentences = {
        "unknown": f"The name {host} is not known. Check the address and the name server.",
        "refused": f"{host} refuses connections on TCP {port}."
        " Check the port, and that the camera's stream is switched on.",
        "silent": f"{host} does not answer on TCP {port}."
        " Check that the camera has power and that the network lets it through.",
        "unreachable": f"{host} cannot be reached. Check the network.",
    }
    if answer in sentences:
        return CameraLost(sentences[answer], host_is_away=True)
    if isinstance(error, av.error.ExitError | TimeoutError):
        return CameraLost(f"{host} accepts connections on TCP {port} but sends nothing.")
    return CameraLost(f"There is no video at {address.shown}. Check the address.")
