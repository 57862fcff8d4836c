from __future__ import annotations

import av
import pytest

from embedded_server.media.diagnosis import address_of, explain
from embedded_server.media.errors import CameraLost, Unauthorised

ADDRESS = address_of("rtsp://admin:secret@10.0.0.9/live", "rtsp://10.0.0.9/live")
FAILED = av.error.OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("unknown", "name 10.0.0.9 is not known"),
        ("refused", "refuses connections on TCP 554"),
        ("silent", "does not answer on TCP 554"),
        ("unreachable", "cannot be reached"),
    ],
)
def test_a_camera_that_is_away(answer: str, words: str) -> None:
    error = explain(FAILED, ADDRESS, knock=lambda _: answer)
    assert isinstance(error, CameraLost)
    assert words in error.sentence
    assert error.host_is_away


def test_a_camera_that_answers_with_something_else() -> None:
    error = explain(FAILED, ADDRESS, knock=lambda _: "open")
    assert "no video at rtsp://10.0.0.9/live" in error.sentence
    silent = av.error.ExitError(1414092869, "Immediate exit requested")
    assert "sends nothing" in explain(silent, ADDRESS, knock=lambda _: "open").sentence


def test_wrong_password_and_wrong_path() -> None:
    denied = av.HTTPUnauthorizedError(401, "Unauthorized")
    assert isinstance(explain(denied, ADDRESS), Unauthorised)
    assert "no stream at /live" in explain(av.HTTPNotFoundError(404, "nf"), ADDRESS).sentence


def test_files() -> None:
    address = address_of("/nix.mp4", "/nix.mp4")
    assert "no file /nix.mp4" in explain(FileNotFoundError(), address).sentence
    assert "damaged" in explain(av.error.InvalidDataError(1, "x"), address).sentence


def test_credentials_are_never_said() -> None:
    careless = address_of("rtsp://admin:secret@h/x", "rtsp://admin:secret@h/x")
    for answer in ("unknown", "refused", "open"):
        for error in (FAILED, av.HTTPUnauthorizedError(401, "x"), av.HTTPNotFoundError(404, "x")):
            assert "secret" not in explain(error, careless, knock=lambda _, a=answer: a).sentence
