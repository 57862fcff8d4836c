"""H.264 in RTP, checked by putting the pieces together again."""

from hypothesis import given
from hypothesis import strategies as st

from embedded_server.samples.rtp import Packetizer, parameter_sets, session_description, split_nals

NAL = st.binary(min_size=1, max_size=5000).map(lambda body: b"\x65" + body.replace(b"\0", b"\1"))


def put_together(packets: list[bytes]) -> list[bytes]:
    nals: list[bytes] = []
    for packet in packets:
        payload = packet[12:]
        if payload[0] & 0x1F != 28:
            nals.append(payload)
        elif payload[1] & 0x80:
            nals.append(bytes([(payload[0] & 0xE0) | (payload[1] & 0x1F)]) + payload[2:])
        else:
            nals[-1] += payload[2:]
    return nals


@given(st.lists(NAL, min_size=1, max_size=4))
def test_nals_come_back_whole(nals: list[bytes]) -> None:
    packets = list(Packetizer(7).packets(b"".join(b"\0\0\0\1" + nal for nal in nals), 3000))
    assert put_together(packets) == nals
    assert [bool(packet[1] & 0x80) for packet in packets] == [False] * (len(packets) - 1) + [True]
    assert all(len(packet) <= 1500 for packet in packets)


def test_sequence_numbers_wrap() -> None:
    packetizer = Packetizer(1)
    numbers = [
        int.from_bytes(packet[2:4], "big")
        for _ in range(70_000)
        for packet in packetizer.packets(b"\0\0\1\x65\1", 0)
    ]
    assert numbers[65_535:65_538] == [65_535, 0, 1]


def test_description_names_the_parameter_sets() -> None:
    sets = parameter_sets(b"\0\0\0\1\x67\x4d\x40\x1e\xaa\0\0\1\x68\xee\0\0\1\x65\x88")
    assert sets == (b"\x67\x4d\x40\x1e\xaa", b"\x68\xee")
    text = session_description("Gate", *sets)
    assert "profile-level-id=4d401e" in text
    assert "sprop-parameter-sets=Z01AHqo=,aO4=" in text
    assert split_nals(b"") == []
