"""What goes wrong on a site, done to real processes: nothing ends, nothing recorded is lost, and the cause is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.peers import SHARED
from tests.support.real_server import real_server, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.real_server import RealServer

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
CLIP = SHARED / "media" / "road_sub.mp4"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RealServer]:
    """A server that records one clip as its camera."""
    if not CLIP.is_file():
        pytest.skip("no ../shared/media beside this checkout")
    with real_server(tmp_path / "data") as server:
        server.add_camera("Road", paths={"live": CLIP.as_uri()})
        wait_for("recording", lambda: server.camera("road")["recording_now"])
        yield server


def test_signal_to_the_whole_group_still_ends_in_order(site: RealServer) -> None:
    """As systemd and terminals do it: the children get the signal too, and leave the order to the server."""
    children = wait_for("children", lambda: _all_children(site))
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    assert site.stop() == 0
    wait_for("the children end", lambda: not any(map(_is_alive, children)), within_s=5)
    assert "unexpectedly" not in "".join(site.said)
    checked = _check(site)
    assert checked.stdout == "1 segments looked at, 0 problems.\n", (
        "the last segment was not closed"
    )


def test_killed_server_leaves_no_orphans(site: RealServer) -> None:
    children = wait_for("children", lambda: _all_children(site))
    assert site.stop(sig=signal.SIGKILL) != 0
    wait_for("the children end", lambda: not any(map(_is_alive, children)), within_s=10)


def test_a_media_process_that_does_nothing_any_more_is_replaced(site: RealServer) -> None:
    """Its streams would be called online for ever, and nothing would be recorded."""
    media = min(wait_for("children", lambda: _all_children(site)))
    os.kill(media, signal.SIGSTOP)
    wait_for("its end", lambda: not _is_alive(media), within_s=40)
    wait_for("recording", lambda: site.camera("road")["recording_now"], within_s=20)
    assert site.api.get("/api/system/health").json()["status"] == "degraded"


def test_lost_footage_is_found_and_taken_out_of_the_catalogue(site: RealServer) -> None:
    site.stop()
    (lost,) = (site.data_dir / "footage").rglob("*.mp4")
    lost.unlink()
    assert "is missing" in _check(site, "--repair").stdout
    assert _check(site).stdout == "0 segments looked at, 0 problems.\n"


def _check(site: RealServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "embedded_server", "check", "--data-dir", str(site.data_dir)]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def _all_children(site: RealServer) -> list[int] | None:
    """Media, analysis and renderer, once all of them are there."""
    found = _children(site.process.pid)
    return found if len(found) == 3 else None


def _children(pid: int) -> list[int]:
    """The processes that the server has spawned."""
    by_thread = Path(f"/proc/{pid}/task").glob("*/children")
    named = [int(child) for children in by_thread for child in children.read_text().split()]
    return [child for child in named if "spawn_main" in _command(child)]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
