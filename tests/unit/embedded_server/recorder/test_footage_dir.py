from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from embedded_server.recorder.footage_dir import IDENTITY_FILE, FootageDir

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_nothing_is_recorded_where_the_footage_disk_was(tmp_path: Path) -> None:
    """Its mount point is an ordinary directory while it is away; it goes on by itself when it is back."""
    root, away = tmp_path / "footage", tmp_path / "away"
    root.mkdir()
    (root / IDENTITY_FILE).write_text('{"footage": "1"}')
    footage = FootageDir(root)
    footage.create("gate", NOON).close()
    root.rename(away)
    with pytest.raises(OSError, match="not the footage disk"):
        footage.create("gate", NOON)
    assert not root.exists()
    away.rename(root)
    footage.create("gate", NOON).close()
    assert len(list(footage.files())) == 2
