from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console.bench.segments import FolderFootage, write_segments
from console.domain.errors import ConsoleError
from console.domain.footage import Gap, TimeRange
from console.playback.cursor import Cursor, Seen
from console.playback.footage_source import to_us
from console.playback.reader import FootageReader, Nothing
from tests.support.clips import read_number, write_clip
from tests.unit.console.playback.conftest import FPS, FRAMES, KEY, START

if TYPE_CHECKING:
    from pathlib import Path

START_US = to_us(START)


def number(seen: Seen | Nothing) -> int | None:
    assert isinstance(seen, Seen), seen
    return read_number(seen.frame.to_ndarray(format="gray8"))


def at(frame: float) -> int:
    return START_US + round(frame / FPS * 1e6)


def cursor_of(footage: FolderFootage) -> Cursor:
    return Cursor(FootageReader(footage))


def test_every_moment_shows_the_picture_whose_time_holds_it(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    wanted = [random.Random(1).uniform(0, FRAMES - 0.01) for _ in range(60)]
    for frame in wanted:
        assert number(cursor.at(at(frame))) == int(frame + 1e-6)


def test_the_time_of_a_picture_shows_that_picture_and_a_moment_before_shows_the_last(
    footage: FolderFootage,
) -> None:
    cursor = cursor_of(footage)
    for frame in (1, 29, 30, 31, 59, 60, 61, 120, 179):
        seen = cursor.at(at(frame) + 1)
        assert isinstance(seen, Seen)
        assert number(seen) == frame
        assert number(cursor.at(seen.at_us)) == frame
        assert number(cursor.at(seen.at_us - 1)) == frame - 1
        assert number(cursor.at(seen.until_us - 1)) == frame


def test_stepping_forward_visits_every_picture_over_file_borders(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    seen = cursor.at(at(50))
    for frame in range(51, 130):
        assert isinstance(seen, Seen)
        seen = cursor.after(seen)
        assert number(seen) == frame


def test_stepping_back_visits_every_picture_over_file_borders(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    seen = cursor.at(at(70.5))
    for frame in range(69, 20, -1):
        assert isinstance(seen, Seen)
        seen = cursor.before(seen)
        assert number(seen) == frame


def test_going_on_after_stepping_back(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    seen = cursor.at(at(45))
    assert isinstance(seen, Seen)
    back = cursor.before(seen)
    assert isinstance(back, Seen)
    again = cursor.after(back)
    assert number(back) == 44
    assert number(again) == 45


def test_scrubbing_shows_the_key_frame_before(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    assert number(cursor.key_at(at(47))) == 30
    assert number(cursor.key_at(at(60))) == 60


def test_a_seek_reads_one_piece_and_the_header_once(footage: FolderFootage) -> None:
    cursor = cursor_of(footage)
    cursor.at(at(50))
    assert len(footage.reads) == 2
    cursor.at(at(20))
    assert len(footage.reads) == 3
    cursor.at(at(52))  # kept
    assert len(footage.reads) == 3


def test_a_gap_names_its_cause_and_where_it_goes_on(footage: FolderFootage) -> None:
    first, second, third = footage.listed
    later = replace(
        third,
        span=TimeRange(third.span.start + timedelta(hours=1), third.span.end + timedelta(hours=1)),
    )
    gap = Gap(second.span.end, later.span.start, "camera_lost")
    cursor = cursor_of(FolderFootage(footage.folder, (first, second, later), gaps=(gap,)))
    found = cursor.at(to_us(second.span.end) + 60_000_000)
    assert isinstance(found, Nothing)
    assert found.cause == "camera_lost"
    assert found.next_us == to_us(later.span.start)


def test_playing_into_a_gap_ends_in_nothing(footage: FolderFootage) -> None:
    first = footage.listed[0]
    cursor = cursor_of(FolderFootage(footage.folder, (first,)))
    seen = cursor.at(to_us(first.span.end) - 1)
    assert isinstance(seen, Seen)
    assert number(seen) == 59
    assert isinstance(cursor.after(seen), Nothing)


def test_a_file_that_grows_is_followed(recorded: Path, tmp_path: Path) -> None:
    whole = write_segments(recorded / "clip.mp4", tmp_path, KEY, START, segment_s=60)
    file = tmp_path / whole[0].name
    data = file.read_bytes()
    grown = FolderFootage(tmp_path, whole)
    ends = [f.offset + f.length for f in grown.index(whole[0]).result().fragments]
    file.write_bytes(data[: ends[1]])
    grown.set_open(whole[0].name, is_open=True)
    now = [0.0]
    reader = FootageReader(grown, clock=lambda: now[0])
    cursor = Cursor(reader)
    seen = cursor.at(at(3))
    shown = [number(seen)]
    for end in (ends[2], ends[5], ends[-1]):
        while isinstance(seen, Seen):
            last, seen = seen, cursor.after(seen)
            if isinstance(seen, Seen):
                shown.append(number(seen))
        assert seen.is_edge
        file.write_bytes(data[:end])
        now[0] += 1.0
        seen = cursor.after(last)
        shown.append(number(seen))
    while isinstance(seen, Seen):
        seen = cursor.after(seen)
        if isinstance(seen, Seen):
            shown.append(number(seen))
    assert shown == list(range(3, FRAMES))


@pytest.mark.logs_warnings
def test_damaged_bytes_are_survived(recorded: Path, tmp_path: Path) -> None:
    whole = write_segments(recorded / "clip.mp4", tmp_path, KEY, START, segment_s=60)
    file = tmp_path / whole[0].name
    data = bytearray(file.read_bytes())
    footage = FolderFootage(tmp_path, whole)
    index = footage.index(whole[0]).result()
    hurt = index.fragments[2]
    data[hurt.offset + 400 : hurt.offset + hurt.length] = bytes(hurt.length - 400)
    file.write_bytes(bytes(data))
    cursor = Cursor(FootageReader(footage))
    for frame in range(0, FRAMES, 3):
        cursor.at(at(frame))
    assert number(cursor.at(at(100))) == 100


def test_a_header_that_is_none_is_told_in_a_sentence(footage: FolderFootage) -> None:
    class Broken(FolderFootage):
        def read(self, segment, offset, length):  # type: ignore[no-untyped-def]
            return super().read(segment, offset + 7, length)

    broken = Broken(footage.folder, footage.listed)
    with pytest.raises(ConsoleError, match="cannot be played"):
        cursor_of(broken).at(at(10))


@pytest.mark.parametrize("codec", ["libx265", "mjpeg"])
def test_other_codecs_are_just_as_exact(codec: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=60, gop=15, codec=codec)
    segments = write_segments(clip, tmp_path / "segments", KEY, START, segment_s=2)
    cursor = Cursor(FootageReader(FolderFootage(tmp_path / "segments", segments)))
    for frame in (0, 7, 14, 15, 37, 59, 12):
        assert number(cursor.at(at(frame) + 1)) == frame
