"""Where packets come from: RTSP, HTTP and looping files, all through FFmpeg's demuxers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import av

from embedded_server.media import bitstream
from embedded_server.media.diagnosis import address_of, explain
from embedded_server.media.errors import CameraLost, Unsupported
from embedded_server.media.packet import RawPacket
from embedded_server.media.session import SourceFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer

    from embedded_server.services.model import CapturePlan

_ARRIVAL_TIME_BASE = (1, 90_000)
_UNTIMED_FORMATS = frozenset({"mpjpeg", "mjpeg", "h264", "hevc", "image2pipe", "jpeg_pipe"})
"""Demuxers that make stamps up; for these the time of arrival is the truth."""
_CODEC_NAMES = {"h265": bitstream.H265}


class Source(Protocol):
    """An open stream."""

    facts: SourceFacts

    def packets(self) -> Iterator[RawPacket]:
        """Until the stream ends.

        Raises:
            CaptureError: it broke.
        """

    def close(self) -> None:
        """Called by the thread that reads, never by another."""


class Opener(Protocol):
    """Opens what a plan names."""

    def __call__(
        self, plan: CapturePlan, *, open_timeout_s: float, pause: Callable[[float], bool]
    ) -> Source:
        """``pause`` waits for so many seconds and says whether the capture shall end.

        Raises:
            CaptureError: it cannot be opened.
        """


def open_source(
    plan: CapturePlan, *, open_timeout_s: float, pause: Callable[[float], bool]
) -> Source:
    """The real opener.

    Raises:
        CaptureError: it cannot be opened.
    """
    address = address_of(plan.url, plan.shown_url)
    location, options, is_file = _how_to_open(plan)
    timeout = None if is_file else (open_timeout_s, _read_timeout_s(plan))
    try:
        container = av.open(location, options=options, timeout=timeout)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise explain(error, address) from error
    try:
        source = _ContainerSource(container, plan)
    except BaseException:
        container.close()
        raise
    return _LoopingFile(source, location, plan, pause) if is_file else source


def _how_to_open(plan: CapturePlan) -> tuple[str, dict[str, str], bool]:
    parts = urlsplit(plan.url)
    if parts.scheme in {"rtsp", "rtsps"}:
        # Not nobuffer, which throws the first key frame away, and no long probing (recorder spike §1).
        options = {"probesize": "32", "allowed_media_types": "video"}
        return plan.url, options | {"rtsp_transport": plan.rtsp_transport}, False
    if parts.scheme in {"http", "https"}:
        return plan.url, {"analyzeduration": "1", "rw_timeout": "5000000"}, False
    if parts.scheme == "file":
        return url2pathname(parts.path), {}, True
    if len(parts.scheme) <= 1:  # a bare path; one letter is a drive
        return plan.url, {}, True
    raise Unsupported(
        f"{parts.scheme}: addresses cannot be captured. Use rtsp, http or file addresses."
    )


def _read_timeout_s(plan: CapturePlan) -> float:
    """Only the second line: the watchdog sees a stall first where it can end the read."""
    return 2.0 if plan.rtsp_transport == "udp" else 4.0


class _ContainerSource:
    """A demuxed container's first video stream."""

    def __init__(self, container: InputContainer, plan: CapturePlan) -> None:
        self._container = container
        self._plan = plan
        self._address = address_of(plan.url, plan.shown_url)
        if not container.streams.video:
            raise CameraLost(f"There is no video at {self._address.shown}. Check the address.")
        self._stream = container.streams.video[0]
        self._is_timed = container.format.name not in _UNTIMED_FORMATS
        self.facts, self._length_size = self._read_facts()

    def packets(self) -> Iterator[RawPacket]:
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield self._raw(packet)
        except (av.FFmpegError, OSError) as error:
            raise self._broken(error) from error

    def close(self) -> None:
        self._container.close()

    def _raw(self, packet: Any) -> RawPacket:
        wall_us = time.time_ns() // 1000
        payload = bytes(packet)
        if self._length_size:
            payload = bitstream.to_annexb(payload, self._length_size)
        if self._is_timed:
            return RawPacket(packet.pts, packet.dts, packet.is_keyframe, payload, wall_us)
        stamp = time.monotonic_ns() * 9 // 100_000
        return RawPacket(stamp, stamp, packet.is_keyframe, payload, wall_us)

    def _read_facts(self) -> tuple[SourceFacts, int]:
        context = self._stream.codec_context
        if context is None:
            raise Unsupported(f"{self._address.shown} sends a codec that is not known here.")
        codec = _CODEC_NAMES.get(context.name, context.name)
        sets, length_size = b"", 0
        if codec in bitstream.CODECS:
            sets, length_size = bitstream.split_extradata(codec, bytes(context.extradata or b""))
        base = self._stream.time_base
        time_base = (base.numerator, base.denominator) if base else _ARRIVAL_TIME_BASE
        rate = self._stream.average_rate or self._stream.guessed_rate
        facts = SourceFacts(
            codec=codec,
            parameter_sets=sets,
            time_base=time_base if self._is_timed else _ARRIVAL_TIME_BASE,
            width=context.width,
            height=context.height,
            fps=float(rate) if rate else None,
        )
        return facts, length_size

    def _broken(self, error: Exception) -> CameraLost:
        host = self._address.host or self._address.shown
        if isinstance(error, av.error.ExitError | TimeoutError):
            return CameraLost(f"{host} sends nothing any more.")
        if isinstance(error, av.error.InvalidDataError):
            return CameraLost(f"{host} sends data that is not video any more. Restart the camera.")
        return CameraLost(f"The connection to {host} broke.")


class _LoopingFile:
    """A file played for ever at its own pace, with stamps that go on over the seam."""

    def __init__(
        self,
        first: _ContainerSource,
        location: str,
        plan: CapturePlan,
        pause: Callable[[float], bool],
    ) -> None:
        self.facts = first.facts
        self._source = first
        self._location = location
        self._plan = plan
        self._pause = pause
        self._tick_s = first.facts.time_base[0] / first.facts.time_base[1]
        self._frame = max(1, round(1 / (self._tick_s * (first.facts.fps or 25.0))))
        self._next_dts = 0

    def packets(self) -> Iterator[RawPacket]:
        began: float | None = None
        while True:
            for raw in self._one_pass():
                began = time.monotonic() if began is None else began
                due = began + (raw.dts or 0) * self._tick_s
                wait = due - time.monotonic()
                if wait < -1.0:  # the machine slept or was busy: go on from here, not in a burst
                    began -= wait
                if self._pause(max(0.0, wait)):
                    return
                yield raw._replace(wall_us=time.time_ns() // 1000)

    def close(self) -> None:
        self._source.close()

    def _one_pass(self) -> Iterator[RawPacket]:
        """The whole file once, counted on from the pass before."""
        shift: int | None = None
        before = self._next_dts
        for raw in self._source.packets():
            dts = raw.dts if raw.dts is not None else raw.pts
            if dts is None:
                dts = self._next_dts - (shift or 0)
            shift = self._next_dts - dts if shift is None else shift
            pts = (raw.pts if raw.pts is not None else dts) + shift
            self._next_dts = dts + shift + self._frame
            yield raw._replace(pts=pts, dts=dts + shift)
        if self._next_dts == before:
            raise CameraLost(f"There is no video in {self._plan.shown_url}.")
        self._source.close()
        try:
            self._source = _ContainerSource(av.open(self._location), self._plan)
        except (av.FFmpegError, OSError) as error:
            raise explain(error, address_of(self._plan.url, self._plan.shown_url)) from error
