"""The sample cameras open like real ones, and go away like real ones."""

import asyncio
import json
import subprocess
import sys

import av
import pytest

from embedded_server.samples.encoder import AccessUnit
from embedded_server.samples.marks import read_mark
from embedded_server.samples.rtsp_server import Feed, RtspServer

KEY_FRAME = AccessUnit(b"\0\0\0\1\x67\x4d\x40\x1e\0\0\1\x68\xee\0\0\1\x65\x88", 0, is_key=True)


def test_stream_opens_with_ffmpeg_and_counts_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "embedded_server.samples", "--count", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        camera = json.loads(process.stdout.readline())["cameras"][0]
        assert camera["name"] == "Main gate"
        for url in (camera["url"], camera["sub_url"]):
            numbers = _numbers(url)
            assert len(numbers) >= 6
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        with pytest.raises(av.error.FFmpegError):
            av.open(camera["url"].replace("main_gate", "nowhere"), timeout=5.0)
        _, _ = process.communicate(timeout=10)
        assert process.returncode == 0


@pytest.mark.anyio
async def test_camera_that_drops_out_hangs_up_and_refuses_until_it_is_back() -> None:
    feed = Feed("Gate main")
    feed.publish(KEY_FRAME)
    server = RtspServer({"gate/main": feed})
    port = await server.start("127.0.0.1", 0)
    request = f"DESCRIBE rtsp://127.0.0.1:{port}/gate/main RTSP/1.0\r\nCSeq: 2\r\n\r\n".encode()
    try:
        assert await _first_line(port, request) == b"RTSP/1.0 200 OK\r\n"
        feed.switch(on=False)
        assert await _first_line(port, request) == b"RTSP/1.0 503 Service Unavailable\r\n"
        feed.switch(on=True)
        assert await _first_line(port, request) == b"RTSP/1.0 200 OK\r\n"
        assert await _first_line(port, b"nonsense\r\n\r\n") == b""
    finally:
        await server.stop()


async def _first_line(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


def _numbers(url: str) -> list[int]:
    with av.open(
        url, options={"rtsp_transport": "tcp", "analyzeduration": "1"}, timeout=5.0
    ) as container:
        frames = (frame for _, frame in zip(range(8), container.decode(video=0), strict=False))
        return [
            number
            for frame in frames
            if (number := read_mark(frame.to_ndarray(format="gray"))) is not None
        ]
