"""Ends a blocked read of a silent connection; the one place of the capture that knows platforms.

FFmpeg keeps its sockets to itself, closing its container from another thread frees it under the reader,
and its timeouts notice a stall after anything between t and 2t. Shutting the socket down ends the read in
a millisecond. It is found by its peer's address and by how long nothing has come: several streams may
be open to the same recorder at the same port, and only the silent one may be cut.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from pathlib import Path

_TCP_INFO_LAST_DATA_RECEIVED = 8 + 11 * 4
"""Offset of ``tcpi_last_data_recv`` (milliseconds) in Linux's ``struct tcp_info``."""

if sys.platform == "linux":

    def cut_silent(port: int, *, silent_s: float) -> int:
        """Shut down this process's TCP connections to ``port`` that received nothing for so long.

        Returns how many there were.
        """
        descriptors = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
        return sum(_cut(descriptor, port, silent_s) for descriptor in descriptors)

    def _cut(descriptor: int, port: int, silent_s: float) -> bool:
        with contextlib.suppress(OSError), _duplicate(descriptor) as connection:
            if connection.type != socket.SOCK_STREAM or not _is_peer_port(connection, port):
                return False
            if _silent_ms(connection) < silent_s * 1000:
                return False
            connection.shutdown(socket.SHUT_RDWR)
            return True
        return False

    def _duplicate(descriptor: int) -> socket.socket:
        own = os.dup(descriptor)
        try:
            return socket.socket(fileno=own)
        except OSError:  # a file: nobody else would close the duplicate
            os.close(own)
            raise

    def _is_peer_port(connection: socket.socket, port: int) -> bool:
        if connection.family not in {socket.AF_INET, socket.AF_INET6}:
            return False
        return bool(connection.getpeername()[1] == port)

    def _silent_ms(connection: socket.socket) -> int:
        described = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        return int(struct.unpack_from("=I", described, _TCP_INFO_LAST_DATA_RECEIVED)[0])

else:

    def cut_silent(port: int, *, silent_s: float) -> int:
        """Nothing can be cut here: the read timeout ends a stall. Returns 0."""
        return 0
