"""A small RTSP server (RFC 2326) for the sample cameras: one video track, RTP interleaved in the TCP connection.

It exists because no well-kept RTSP server for Python is to be had without system packages; it serves our own sample
streams on loopback and is no general server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedded_server.samples.rtp import Packetizer, parameter_sets, session_description

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded_server.samples.encoder import AccessUnit

log = logging.getLogger("samples")

_LARGEST_BACKLOG = 1_000_000
"""A client that is this many bytes behind loses pictures up to the next key frame."""


class Feed:
    """One stream: knows its parameter sets and its listeners; lives in the event loop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_on = True
        self.sets: tuple[bytes, bytes] | None = None
        self._ready = asyncio.Event()
        self._players: set[_Client] = set()

    def publish(self, unit: AccessUnit) -> None:
        """Send a picture to everybody who plays this stream."""
        if unit.is_key and (sets := parameter_sets(unit.data)) is not None:
            self.sets = sets
            self._ready.set()
        if self.is_on:
            for player in tuple(self._players):
                player.send(unit)

    async def description(self) -> str:
        """Its SDP, as soon as the first key frame is there."""
        await self._ready.wait()
        assert self.sets is not None, "ready means that the parameter sets are known"
        return session_description(self.name, *self.sets)

    def join(self, player: _Client) -> None:
        """Begin to send to a client."""
        self._players.add(player)

    def leave(self, player: _Client) -> None:
        """Stop sending to a client; it need not have joined."""
        self._players.discard(player)

    def switch(self, *, on: bool) -> None:
        """Switch the camera on or off; off ends every connection, as a camera without power does."""
        self.is_on = on
        if not on:
            for player in tuple(self._players):
                player.hang_up()


@dataclass
class _Request:
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class RtspServer:
    """Serves feeds by path on one port of loopback."""

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self._feeds = feeds
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, which is a free one if 0 was asked."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._clients):
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        client = _Client(writer, self._feeds)
        try:
            while (request := await _read_request(reader)) is not None:
                if not await client.answer(request):
                    break
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            ValueError,
            UnicodeDecodeError,
        ) as error:
            log.debug("client left: %s", error)
        finally:
            client.close()
            self._clients.discard(writer)
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


class _Client:
    """One connection: its session and what it plays."""

    def __init__(self, writer: asyncio.StreamWriter, feeds: Mapping[str, Feed]) -> None:
        self._writer = writer
        self._feeds = feeds
        self._session = secrets.token_hex(4)
        self._packetizer = Packetizer(secrets.randbits(32))
        self._feed: Feed | None = None
        self._channel = 0
        self._waits_for_key = True

    async def answer(self, request: _Request) -> bool:
        """Answer one request; False when the connection should end."""
        feed = self._feeds.get(urlsplit(request.url).path.strip("/").removesuffix("/track1"))
        if request.method == "OPTIONS":
            return self._reply(
                request,
                200,
                "OK",
                {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"},
            )
        if feed is None:
            return self._reply(request, 404, "Not Found")
        if not feed.is_on:
            self._reply(request, 503, "Service Unavailable")
            return False
        return await self._answer_for(feed, request)

    async def _answer_for(self, feed: Feed, request: _Request) -> bool:
        match request.method:
            case "DESCRIBE":
                body = await feed.description()
                headers = {
                    "Content-Base": f"{request.url.rstrip('/')}/",
                    "Content-Type": "application/sdp",
                }
                return self._reply(request, 200, "OK", headers, body)
            case "SETUP":
                return self._set_up(feed, request)
            case "PLAY" if self._feed is not None:
                info = f"url={request.url.rstrip('/')}/track1;seq={self._packetizer.next_sequence}"
                replied = self._reply(request, 200, "OK", {"Range": "npt=0.000-", "RTP-Info": info})
                feed.join(self)
                return replied
            case "GET_PARAMETER" | "SET_PARAMETER":
                return self._reply(request, 200, "OK")
            case "TEARDOWN":
                self._reply(request, 200, "OK")
                return False
            case _:
                return self._reply(request, 455, "Method Not Valid In This State")

    def _set_up(self, feed: Feed, request: _Request) -> bool:
        transport = request.headers.get("transport", "")
        if "TCP" not in transport:
            return self._reply(request, 461, "Unsupported Transport")
        for part in transport.split(";"):
            if part.startswith("interleaved="):
                self._channel = int(part.removeprefix("interleaved=").split("-")[0])
        self._feed = feed
        chosen = f"RTP/AVP/TCP;unicast;interleaved={self._channel}-{self._channel + 1}"
        return self._reply(request, 200, "OK", {"Transport": chosen})

    def send(self, unit: AccessUnit) -> None:
        """Send a picture, unless this client waits for a key frame."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > _LARGEST_BACKLOG:
            self._waits_for_key = True
        if self._waits_for_key and not unit.is_key:
            return
        self._waits_for_key = False
        for packet in self._packetizer.packets(unit.data, unit.ticks):
            self._writer.write(
                b"$" + bytes((self._channel,)) + len(packet).to_bytes(2, "big") + packet
            )

    def hang_up(self) -> None:
        """Break the connection without a word."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Leave the feed and close the connection."""
        if self._feed is not None:
            self._feed.leave(self)
        self._writer.close()

    def _reply(
        self,
        request: _Request,
        status: int,
        reason: str,
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> bool:
        lines = [
            f"RTSP/1.0 {status} {reason}",
            f"CSeq: {request.headers.get('cseq', '0')}",
            f"Session: {self._session}",
        ]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body.encode())}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        return True


async def _read_request(reader: asyncio.StreamReader) -> _Request | None:
    """The next request; interleaved receiver reports are skipped. None when the client has left."""
    while (first := await reader.read(1)) == b"$":
        head = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(head[1:], "big"))
    if not first:
        return None
    head = first + await reader.readuntil(b"\r\n\r\n")
    start, *lines = head.decode("utf-8").split("\r\n")
    method, url, _ = start.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    await reader.readexactly(int(headers.get("content-length", "0")))
    return _Request(method, url, headers)
