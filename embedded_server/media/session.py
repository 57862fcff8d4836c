"""One connection's packets made fit for everybody: key frames first, sizes known, stamps repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_server.media import bitstream
from embedded_server.media.errors import CameraLost, Unsupported
from embedded_server.media.stamps import StampRepair
from embedded_server.media.wall_clock import WallClock
from embedded_server.services.model import StreamFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embedded_server.media.packet import Packet, RawPacket

GARBAGE_S = 5.0
"""Nothing that looks like the codec for this long: the camera sends garbage."""
NO_KEY_S = 20.0


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a stream once it is open."""

    codec: str
    parameter_sets: bytes
    time_base: tuple[int, int]
    width: int
    height: int
    fps: float | None = None


class Session:
    """Begins at a key frame; announces a format before the first packet and whenever it changes."""

    def __init__(self, facts: SourceFacts, *, shown: str) -> None:
        if facts.codec not in bitstream.CODECS:
            raise Unsupported(_unsupported(facts.codec, shown))
        self._facts = facts
        self._shown = shown
        ticks_per_second = facts.time_base[1] / facts.time_base[0]
        self._repair = StampRepair(ticks_per_second, fps=facts.fps or 25.0)
        self._wall_clock = WallClock(ticks_per_second)
        self._sets = facts.parameter_sets
        self._format: StreamFormat | None = None
        self._jumped = False
        self._good_us: int | None = None
        self._first_us: int | None = None

    def feed(self, raw: RawPacket) -> Iterable[StreamFormat | Packet]:
        """What is ready after this packet.

        Raises:
            CameraLost: only garbage, or never a key frame, for too long.
        """
        if not self._is_sane(raw):
            return ()
        packets = [ready for packet in self._repair(raw) for ready in self._wall_clock(packet)]
        if self._format is not None and not raw.is_key and not self._jumped and len(packets) == 1:
            return packets  # nearly every packet takes this way
        return [item for packet in packets for item in self._admit(packet)]

    def _is_sane(self, raw: RawPacket) -> bool:
        if self._good_us is None:
            self._good_us = self._first_us = raw.wall_us
        if bitstream.looks_like(self._facts.codec, raw.payload):
            self._good_us = raw.wall_us
            return True
        if raw.wall_us - self._good_us > GARBAGE_S * 1e6:
            raise CameraLost(
                f"{self._shown} sends data that is not video any more. Restart the camera."
            )
        return False

    def _admit(self, packet: Packet) -> Iterator[StreamFormat | Packet]:
        self._jumped = self._jumped or packet.is_discontinuous
        if packet.is_key:
            packet = self._with_sets(packet)
            if (found := self._new_format(packet)) is not None:
                yield found
        if self._format is None:
            self._check_patience(packet)
            return
        if self._jumped and not packet.is_discontinuous:
            packet = packet._replace(is_discontinuous=True)
        self._jumped = False
        yield packet

    def _with_sets(self, packet: Packet) -> Packet:
        """Every key frame carries its parameter sets, whether or not the camera repeats them."""
        codec = self._facts.codec
        if codec == bitstream.MJPEG:
            return packet
        own = bitstream.parameter_sets(codec, packet.payload)
        if bitstream.has_sequence(codec, own):
            self._sets = own
            return packet
        payload = bitstream.with_parameter_sets(codec, packet.payload, self._sets)
        return packet._replace(payload=payload)

    def _new_format(self, packet: Packet) -> StreamFormat | None:
        codec = self._facts.codec
        if codec != bitstream.MJPEG and self._format and self._format.extradata == self._sets:
            return None
        where = packet.payload if codec == bitstream.MJPEG else self._sets
        size = bitstream.picture_size(codec, where) or (self._facts.width, self._facts.height)
        if not all(size):
            return None
        found = StreamFormat(codec, self._sets, self._facts.time_base, *size)
        if found == self._format:
            return None
        self._format = found
        return found

    def _check_patience(self, packet: Packet) -> None:
        if self._first_us is not None and packet.wall_us - self._first_us > NO_KEY_S * 1e6:
            raise CameraLost(
                f"{self._shown} sends no key frame. Set a key frame interval of one or two seconds"
                " in the camera."
            )


def _unsupported(codec: str, shown: str) -> str:
    return (
        f"{shown} sends the codec {codec}, which cannot be decoded here."
        " Set the camera to H.264, H.265 or Motion JPEG."
    )
