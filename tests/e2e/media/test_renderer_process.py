"""The real renderer process: pictures, damage, a crash, a hang."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from embedded_server.contract.live import AccessUnit
from embedded_server.media import renderer as renderer_module
from embedded_server.media.renderer import RendererProcess
from embedded_server.services.model import ClipPiece
from embedded_server.services.ports import RenderError
from tests.support.clips import numbers_of, read_number, write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.logs_warnings]


@pytest.fixture
def anyio_backend() -> str:
    """The server's side of things needs no Qt."""
    return "asyncio"


@pytest.fixture
async def renderer(tmp_path: Path) -> AsyncIterator[RendererProcess]:
    async with RendererProcess(log_dir=tmp_path / "logs") as running:
        yield running


def number_of(jpeg: bytes) -> int | None:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else read_number(np.asarray(picture, np.uint8))


async def test_pictures_and_clips(renderer: RendererProcess, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=60)
    assert number_of(await renderer.frame(path, 2.0, width=160)) == 30
    stream_format, packets = packets_of(path)
    units = [AccessUnit(1 if p.is_key else 0, p.pts, 0, p.payload) for p in packets[:8]]
    assert number_of(await renderer.still(stream_format, units)) == 7
    target = await renderer.clip([ClipPiece(path, 1.0, 3.0)], tmp_path / "clip.mp4")
    assert numbers_of(target) == list(range(15, 45))


async def test_damage_is_a_sentence_and_the_next_request_works(
    renderer: RendererProcess, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=30)
    broken = tmp_path / "b.mp4"
    broken.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(RenderError, match="damaged"):
        await renderer.frame(broken, 0.5)
    assert number_of(await renderer.frame(path, 0.0)) == 0


async def test_a_crash_costs_one_request_at_most(renderer: RendererProcess, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=30)
    await renderer.frame(path, 0.0)
    assert renderer.pid is not None
    os.kill(renderer.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    for _ in range(2):
        try:
            assert number_of(await renderer.frame(path, 1.0)) == 15
        except RenderError:
            continue
        break
    else:
        pytest.fail("the renderer did not come back")


async def test_a_hang_ends(
    renderer: RendererProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=30)
    await renderer.frame(path, 0.0)
    monkeypatch.setattr(renderer_module, "PICTURE_TIMEOUT_S", 0.0)
    with pytest.raises(RenderError, match="too long"):
        await renderer.frame(path, 0.0)
    monkeypatch.undo()
    assert number_of(await renderer.frame(path, 0.0)) == 0
