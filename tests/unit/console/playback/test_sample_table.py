from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.playback.sample_table import DamagedFootage, read_header, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    from console.bench.segments import FolderFootage


@pytest.fixture(scope="module")
def file(recorded: Path) -> bytes:
    return min((recorded / "segments").glob("*.mp4")).read_bytes()


def test_a_fragment_tells_its_pictures(file: bytes, footage: FolderFootage) -> None:
    index = footage.index(footage.listed[0]).result()
    track = read_header(file[: index.header_length])
    assert track.codec == "h264"
    assert track.extradata[0] == 1
    samples = read_samples(file[index.header_length :], track)
    assert len(samples) == 60
    assert [sample.is_key for sample in samples].count(True) == 2
    assert samples[0].time_us == 0
    assert samples[15].time_us == 1_000_000
    first = file[index.header_length :][samples[0].offset :][:4]
    assert 0 < int.from_bytes(first, "big") < samples[0].size


def test_a_cut_tail_is_left_out(file: bytes, footage: FolderFootage) -> None:
    index = footage.index(footage.listed[0]).result()
    track = read_header(file[: index.header_length])
    fragments = index.fragments
    cut = file[fragments[0].offset : fragments[2].offset + fragments[2].length // 2]
    whole = file[fragments[0].offset : fragments[2].offset]
    assert read_samples(cut, track)[: len(read_samples(whole, track))] == read_samples(whole, track)


@given(st.data())
def test_damage_is_told_and_nothing_else_happens(data: st.DataObject) -> None:
    damaged = bytearray(_FILE)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        track = read_header(bytes(damaged))
        samples = read_samples(bytes(damaged), track)
    except DamagedFootage:
        return
    assert all(
        0 <= sample.offset <= sample.offset + sample.size <= len(damaged) for sample in samples
    )


@pytest.fixture(scope="module", autouse=True)
def _keep(file: bytes) -> None:
    global _FILE  # hypothesis draws many times from one file
    _FILE = file[:3000]


_FILE = b""


@given(st.binary(max_size=200))
def test_nonsense_is_no_header(nonsense: bytes) -> None:
    with pytest.raises(DamagedFootage):
        read_header(nonsense)
