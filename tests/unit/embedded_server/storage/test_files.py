"""Small files: pictures, clips, atomic replacement, and times as numbers."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.storage import clips, disk
from embedded_server.storage.clips import RenderedClips
from embedded_server.storage.disk import write_atomically
from embedded_server.storage.errors import DataDirectoryFull, DataDirectoryUnusable
from embedded_server.storage.pictures import PictureFiles, picture_name
from embedded_server.storage.schema import from_microseconds, to_microseconds
from tests.support.server_values import NOON

pytestmark = pytest.mark.anyio


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, DataDirectoryFull), (errno.EIO, DataDirectoryUnusable)]
)
def test_a_disk_that_refuses_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk.os, "fsync", refuse)
    with pytest.raises(kind):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@given(st.text())
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    name = picture_name(key, "snapshot", NOON)
    assert Path(name).parts[:2] == ("events", "2026-05-01")
    assert Path(name).name.replace("-", "").replace(".", "").isalnum()


async def test_pictures_that_are_gone_can_be_removed(tmp_path: Path) -> None:
    pictures = PictureFiles(tmp_path)
    name = await pictures.save("key", "crop", NOON, b"jpeg")
    await pictures.remove([name, name])
    assert not pictures.path(name).exists()


async def test_clips_looked_at_longest_ago_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips, "KEPT_CLIPS", 2)
    kept = RenderedClips(tmp_path)
    for number in range(3):
        part = kept.part()
        part.write_bytes(b"clip")
        path = await kept.keep(part, f"event-{number}.mp4")
        os.utime(path, (number, number))
    assert await kept.find("event-0.mp4") is None
    assert await kept.find("event-2.mp4") is not None


def test_half_rendered_clips_of_the_last_run_are_removed(tmp_path: Path) -> None:
    part = RenderedClips(tmp_path).part()
    part.write_bytes(b"half")
    RenderedClips(tmp_path)
    assert not part.exists()


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_exactly(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


def test_a_time_of_another_zone_is_the_same_moment_and_one_without_is_refused() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5)))
    assert to_microseconds(there) == to_microseconds(NOON)
    with pytest.raises(ValueError, match="without a zone"):
        to_microseconds(NOON.replace(tzinfo=None))
