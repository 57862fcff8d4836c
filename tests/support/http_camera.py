"""A camera that sends Motion JPEG over HTTP (multipart/x-mixed-replace), with Basic sign-in if asked."""

from __future__ import annotations

import base64
import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import cv2

from tests.support.clips import draw_frame

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def mjpeg_camera(*, fps: float = 10.0, sign_in: str | None = None) -> Iterator[str]:
    """Its address, without the ``user:password`` of ``sign_in``."""
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if sign_in and self.headers.get("Authorization") != _basic(sign_in):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            with contextlib.suppress(OSError):
                self._pictures()

        def _pictures(self) -> None:
            number = 0
            while not stopping.wait(1 / fps):
                _, jpeg = cv2.imencode(".jpg", draw_frame(number)[:, :, ::-1])
                data = jpeg.tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")
                number += 1

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/video.mjpg"
    finally:
        stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def _basic(sign_in: str) -> str:
    return "Basic " + base64.b64encode(sign_in.encode()).decode()
