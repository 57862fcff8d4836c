"""H.264 into RTP packets (RFC 6184) and the SDP that describes them."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOAD_TYPE = 96
_LARGEST_PAYLOAD = 1400
_HEADER = struct.Struct(">BBHII")
_FU_A = 28
_NAL_SPS, _NAL_PPS = 7, 8


class Packetizer:
    """Numbers the packets of one RTP session."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._sequence = 0

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next packet will have."""
        return self._sequence

    def packets(self, access_unit: bytes, timestamp: int) -> Iterator[bytes]:
        """RTP packets of one access unit in Annex B; the last bears the marker."""
        payloads = [payload for nal in split_nals(access_unit) for payload in _payloads(nal)]
        for place, payload in enumerate(payloads):
            is_last = place == len(payloads) - 1
            yield self._packet(payload, timestamp, is_last=is_last)

    def _packet(self, payload: bytes, timestamp: int, *, is_last: bool) -> bytes:
        head = _HEADER.pack(
            0x80,
            PAYLOAD_TYPE | (0x80 if is_last else 0),
            self._sequence,
            timestamp & 0xFFFFFFFF,
            self._ssrc,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload


def split_nals(annexb: bytes) -> list[bytes]:
    """NAL units of a byte stream with start codes (H.264 Annex B)."""
    return [
        part.rstrip(b"\0")
        for part in annexb.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]
        if part
    ]


def parameter_sets(annexb: bytes) -> tuple[bytes, bytes] | None:
    """Sequence and picture parameter set of a key frame, if both are in it."""
    found = {nal[0] & 0x1F: nal for nal in split_nals(annexb)}
    if _NAL_SPS in found and _NAL_PPS in found:
        return found[_NAL_SPS], found[_NAL_PPS]
    return None


def session_description(name: str, sps: bytes, pps: bytes) -> str:
    """SDP (RFC 8866) of one H.264 video track."""
    sets = ",".join(base64.b64encode(one).decode("ascii") for one in (sps, pps))
    return "\r\n".join(
        (
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            f"s={name}",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            "a=control:*",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} H264/90000",
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={sets}",
            "a=control:track1",
            "",
        )
    )


def _payloads(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= _LARGEST_PAYLOAD:
        yield nal
        return
    indicator, kind = (nal[0] & 0xE0) | _FU_A, nal[0] & 0x1F
    body = nal[1:]
    for start in range(0, len(body), _LARGEST_PAYLOAD):
        piece = body[start : start + _LARGEST_PAYLOAD]
        flags = (0x80 if start == 0 else 0) | (0x40 if start + len(piece) == len(body) else 0)
        yield bytes((indicator, flags | kind)) + piece
