from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from console.bench.segments import FolderFootage, write_segments
from console.domain.camera import CameraKey
from tests.support.clips import write_clip

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FPS = 15
FRAMES = 180
KEY = CameraKey("here", "yard")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds in three files of four seconds; picture n shows the number n."""
    folder = tmp_path_factory.mktemp("footage")
    clip = write_clip(folder / "clip.mp4", frames=FRAMES, fps=FPS, gop=30, width=320, height=180)
    write_segments(clip, folder / "segments", KEY, START, segment_s=4.0)
    return folder


@pytest.fixture
def footage(recorded: Path) -> FolderFootage:
    """The recording as a source."""
    files = sorted((recorded / "segments").glob("*.mp4"))
    segments = write_segments(
        recorded / "clip.mp4", recorded / "segments", KEY, START, segment_s=4.0
    )
    assert [file.name for file in files] == [segment.name for segment in segments]
    return FolderFootage(recorded / "segments", segments)
