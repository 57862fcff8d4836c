from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from embedded_server.media.sockets import cut_silent


@pytest.mark.skipif(sys.platform != "linux", reason="sockets can be found on Linux only")
def test_only_the_silent_connection_to_the_port_is_cut() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as silent,
        server.accept()[0],
        socket.create_connection(server.getsockname()) as talking,
        server.accept()[0] as camera,
    ):
        port = server.getsockname()[1]
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            camera.send(b"picture")
            talking.recv(100)
        assert cut_silent(port + 1, silent_s=0.2) == 0
        assert cut_silent(port, silent_s=0.2) == 1
        silent.settimeout(1)
        assert silent.recv(1) == b""
        camera.send(b"more")
        assert talking.recv(100) == b"more"


@pytest.mark.skipif(sys.platform != "linux", reason="sockets can be found on Linux only")
def test_looking_leaves_no_descriptor_behind() -> None:
    descriptors = Path("/proc/self/fd")
    with Path("/dev/null").open("rb"), socket.create_server(("127.0.0.1", 0)):
        before = len(list(descriptors.iterdir()))
        assert cut_silent(9, silent_s=0.0) == 0
        assert len(list(descriptors.iterdir())) == before
