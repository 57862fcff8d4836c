"""Messages between the server and its child processes: JSON, with raw bytes beside it.

Not pickle: a child decodes hostile streams, and what it sends must never be able to run code here.
A message on the pipe is a u32 length of the JSON part, the JSON, then the payload bytes.
"""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = struct.Struct(">I")


class Pipe(Protocol):
    """What ``multiprocessing`` gives: its class has another name on Windows."""

    def send_bytes(self, buf: bytes, /) -> None:
        """Send one message."""

    def recv_bytes(self) -> bytes:
        """Wait for one message."""

    def poll(self, timeout: float | None = 0.0, /) -> bool:
        """Whether one is there within that time."""

    def close(self) -> None:
        """Close this end."""


@dataclass(frozen=True, slots=True)
class Message:
    """``kind`` names it, ``body`` is plain JSON, ``payload`` is whatever bytes belong to it."""

    kind: str
    body: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


class Channel:
    """One end of a duplex pipe; sending is safe from any thread, receiving belongs to one."""

    def __init__(self, connection: Pipe) -> None:
        self._connection = connection
        self._send_lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message; blocks while the other side is slow.

        Raises:
            OSError: the other side is gone.
        """
        data = encode(message)
        with self._send_lock:
            self._connection.send_bytes(data)

    def __iter__(self) -> Iterator[Message]:
        """Messages until the other side closes."""
        while True:
            try:
                data = self._connection.recv_bytes()
            except (EOFError, OSError):
                return
            yield decode(data)

    def close(self) -> None:
        """Close this end."""
        self._connection.close()


def encode(message: Message) -> bytes:
    """One message as it is sent."""
    head = orjson.dumps([message.kind, message.body])
    return _LENGTH.pack(len(head)) + head + message.payload


def decode(data: bytes) -> Message:
    """Read one message as sent.

    Raises:
        ValueError: if it is not one.
    """
    if len(data) < _LENGTH.size:
        raise ValueError("message shorter than its length field")
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    if end > len(data):
        raise ValueError("message shorter than it says")
    kind, body = orjson.loads(data[_LENGTH.size : end])
    return Message(kind, body, data[end:])
