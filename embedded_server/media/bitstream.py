"""H.264, H.265 and JPEG on the level of bytes: parameter sets, picture size, Annex B.

The hub speaks Annex B: every NAL unit behind a start code, and every key frame with its parameter sets
in front, so that decoding may begin at any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START_CODE = b"\x00\x00\x00\x01"
_SHORT_START_CODE = b"\x00\x00\x01"
H264, H265, MJPEG = "h264", "hevc", "mjpeg"
CODECS = frozenset({H264, H265, MJPEG})
"""What can be captured, by FFmpeg's names; ``StreamFormat.codec`` is one of them."""

_H264_AUD, _H265_AUD = 9, 35
_PARAMETER_SETS = {H264: frozenset({7, 8, 13, 15}), H265: frozenset({32, 33, 34})}
_SEQUENCE = {H264: 7, H265: 33}
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
_CHROMA = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}
"""Horizontal and vertical subsampling by ``chroma_format_idc``."""
_PTL_BITS = 88
_MAX_SIDE = 16384


def nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B access unit, without start codes."""
    at = data.find(_SHORT_START_CODE)
    while at >= 0:
        begin = at + 3
        at = data.find(_SHORT_START_CODE, begin)
        unit = data[begin:] if at < 0 else data[begin:at]
        if unit := unit.rstrip(b"\x00"):
            yield unit


def nal_type(codec: str, unit: bytes) -> int:
    """The ``nal_unit_type`` of one unit."""
    return unit[0] & 0x1F if codec == H264 else unit[0] >> 1 & 0x3F


def parameter_sets(codec: str, data: bytes) -> bytes:
    """The parameter sets before the first slice, behind long start codes; empty if there are none."""
    if codec not in _PARAMETER_SETS:
        return b""
    found: dict[bytes, None] = {}  # some cameras send each of them twice
    for unit in nal_units(data):
        kind = nal_type(codec, unit)
        if kind in _PARAMETER_SETS[codec]:
            found[START_CODE + unit] = None
        elif _is_slice(codec, kind):
            break
    return b"".join(found)


def has_sequence(codec: str, sets: bytes) -> bool:
    """Whether ``sets`` hold what gives the picture its size."""
    return any(nal_type(codec, unit) == _SEQUENCE.get(codec) for unit in nal_units(sets))


def is_slice_key(codec: str, data: bytes) -> bool:
    """Whether the access unit holds a picture that decoding may begin with."""
    if codec == MJPEG:
        return True
    keys = {5} if codec == H264 else set(range(16, 22))
    return any(nal_type(codec, unit) in keys for unit in nal_units(data))


def with_parameter_sets(codec: str, data: bytes, sets: bytes) -> bytes:
    """The access unit with ``sets`` in front, behind an access unit delimiter where there is one."""
    first = next(nal_units(data), b"")
    aud = _H264_AUD if codec == H264 else _H265_AUD
    if not first or nal_type(codec, first) != aud:
        return sets + data
    end = data.index(first) + len(first)
    return data[:end] + sets + data[end:]


def looks_like(codec: str, data: bytes) -> bool:
    """Whether the bytes can be an access unit of this codec at all; garbage mostly cannot."""
    if codec == MJPEG:
        return data[:2] == b"\xff\xd8"
    at = 4 if data[:4] == START_CODE else 3 if data[:3] == _SHORT_START_CODE else 0
    if not at or len(data) <= at or data[at] & 0x80:
        return False
    return data[at] & 0x1F < 24 if codec == H264 else data[at] >> 1 < 48


def to_annexb(data: bytes, length_size: int) -> bytes:
    """Length-prefixed units, as MP4 keeps them, with start codes instead; a torn last unit is dropped."""
    parts = []
    at = 0
    while at + length_size < len(data):
        size = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        if size == 0 or at + size > len(data):
            break
        parts += [START_CODE, data[at : at + size]]
        at += size
    return b"".join(parts)


def split_extradata(codec: str, extradata: bytes) -> tuple[bytes, int]:
    """Parameter sets in Annex B, and the size of the length fields in packets (0: already Annex B)."""
    if codec == MJPEG or not extradata:
        return b"", 0
    if extradata[:3] in {b"\x00\x00\x00", _SHORT_START_CODE}:
        return parameter_sets(codec, extradata), 0
    return _avcc(extradata) if codec == H264 else _hvcc(extradata)


def picture_size(codec: str, data: bytes) -> tuple[int, int] | None:
    """Width and height as shown, from parameter sets or from a whole JPEG; None if they do not say."""
    try:
        if codec == MJPEG:
            return _jpeg_size(data)
        for unit in nal_units(data):
            if nal_type(codec, unit) == _SEQUENCE[codec]:
                bits = _Bits(unit.replace(b"\x00\x00\x03", b"\x00\x00"))
                size = _h264_size(bits) if codec == H264 else _h265_size(bits)
                return size if all(0 < side <= _MAX_SIDE for side in size) else None
    except IndexError:  # cut short
        return None
    return None


def _is_slice(codec: str, kind: int) -> bool:
    return 1 <= kind <= 5 if codec == H264 else kind < 32


def _avcc(extradata: bytes) -> tuple[bytes, int]:
    """ISO/IEC 14496-15 §5.3.3.1."""
    sets = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = extradata[at] & mask if at < len(extradata) else 0
        at += 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            sets.append(START_CODE + extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return b"".join(sets), (extradata[4] & 3) + 1 if len(extradata) > 4 else 4


def _hvcc(extradata: bytes) -> tuple[bytes, int]:
    """ISO/IEC 14496-15 §8.3.3.1."""
    if len(extradata) < 23:
        return b"", 4
    sets = []
    at = 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            unit = extradata[at + 2 : at + 2 + size]
            if unit and nal_type(H265, unit) in _PARAMETER_SETS[H265]:
                sets.append(START_CODE + unit)
            at += 2 + size
    return b"".join(sets), (extradata[21] & 3) + 1


class _Bits:
    """Reads bits and Exp-Golomb numbers; IndexError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def unsigned(self) -> int:
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise IndexError("no Exp-Golomb number is this long")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _h264_size(bits: _Bits) -> tuple[int, int]:
    """ITU-T H.264 §7.3.2.1.1, as far as the cropping."""
    bits.read(8)
    profile = bits.read(8)
    bits.read(16)
    bits.unsigned()
    chroma, separate = 1, 0
    if profile in _HIGH_PROFILES:
        chroma = bits.unsigned()
        separate = bits.read(1) if chroma == 3 else 0
        bits.unsigned()
        bits.unsigned()
        bits.read(1)
        if bits.read(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.unsigned()
    _skip_picture_order(bits)
    bits.unsigned()
    bits.read(1)
    width = (bits.unsigned() + 1) * 16
    map_units = bits.unsigned() + 1
    frames_only = bits.read(1)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    left, right, top, bottom = (bits.unsigned() for _ in range(4)) if bits.read(1) else (0,) * 4
    across, down = (1, 1) if separate else _CHROMA.get(chroma, (1, 1))
    height = map_units * 16 * (2 - frames_only)
    return width - (left + right) * across, height - (top + bottom) * down * (2 - frames_only)


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.read(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _h265_size(bits: _Bits) -> tuple[int, int]:
    """ITU-T H.265 §7.3.2.2.1, as far as the conformance window."""
    bits.read(16 + 4)
    sub_layers = bits.read(3)
    bits.read(1)
    bits.read(_PTL_BITS + 8)
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for profile, level in present:
        bits.read((_PTL_BITS if profile else 0) + (8 if level else 0))
    bits.unsigned()
    chroma = bits.unsigned()
    if chroma == 3:
        bits.read(1)
    width, height = bits.unsigned(), bits.unsigned()
    if not bits.read(1):
        return width, height
    left, right, top, bottom = (bits.unsigned() for _ in range(4))
    across, down = _CHROMA.get(chroma, (1, 1))
    return width - (left + right) * across, height - (top + bottom) * down


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the start-of-frame segment (ITU-T T.81 §B.2.2)."""
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            width = int.from_bytes(data[at + 7 : at + 9], "big")
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
