"""Addresses of cameras: read, joined, freed of secrets, refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.services.camera_source import FileRule, Login, Origin, read_address, shown
from embedded_server.services.errors import Invalid

NOWHERE = Origin("rtsp", None, None)
CAM = Origin("rtsp", "192.0.2.7", 554)


@pytest.mark.parametrize(
    ("text", "origin", "url"),
    [
        ("/stream1", CAM, "rtsp://192.0.2.7:554/stream1"),
        ("stream1?channel=1&sub=0", CAM, "rtsp://192.0.2.7:554/stream1?channel=1&sub=0"),
        ("/a b/ü", CAM, "rtsp://192.0.2.7:554/a%20b/%C3%BC"),
        ("/ready%20quoted", CAM, "rtsp://192.0.2.7:554/ready%20quoted"),
        ("live", Origin("http", "cam.example", None), "http://cam.example/live"),
        ("live", Origin("rtsp", "2001:db8::7", 554), "rtsp://[2001:db8::7]:554/live"),
        ("RTSP://Cam.example/x", NOWHERE, "rtsp://cam.example/x"),
        ("rtsps://cam.example:322/x?y=1", NOWHERE, "rtsps://cam.example:322/x?y=1"),
        ("file:///clips/gate.mp4", NOWHERE, "file:///clips/gate.mp4"),
        ("subfile,,:/etc/x", Origin("file", None, None), "file:///subfile,,:/etc/x"),
        ("/clips/a b.mp4", Origin("file", None, None), "file:///clips/a%20b.mp4"),
    ],
)
def test_reads_and_joins(text: str, origin: Origin, url: str) -> None:
    assert read_address(text, origin).url == url


@pytest.mark.parametrize(
    "text",
    [
        "gopher://cam.example/1",
        "javascript:alert(1)",
        "concat:/etc/passwd",
        "rtsp://",
        "rtsp://cam.example:99999/x",
        "rtsp://cam.example:x/",
        "rtsp://ca m.example/x",
        "rtsp://-oProxyCommand/x",
        "rtsp://cam.example/x\r\nAuthorization: Basic",
        "rtsp://cam.example/\x00",
        "rtsp://cam.example/x#fragment",
        "rtsp://[::1/x",
        "file://other.example/share/clip.mp4",
        "file:///",
    ],
)
def test_refuses_hostile_addresses(text: str) -> None:
    with pytest.raises(Invalid):
        read_address(text, CAM)


def test_fragment_needs_a_host() -> None:
    with pytest.raises(Invalid, match="give the host too"):
        read_address("/stream1", NOWHERE)


def test_credentials_are_taken_out_and_put_back_quoted() -> None:
    address = read_address("rtsp://us%40er:p%2Fss@cam.example/x", NOWHERE)
    assert address.login == Login("us@er", "p/ss")
    assert address.url == address.shown == "rtsp://cam.example/x"
    assert address.opened(None) == "rtsp://us%40er:p%2Fss@cam.example/x"


@given(st.text(), st.text())
def test_any_credentials_survive_the_url(username: str, password: str) -> None:
    opened = read_address("/x", CAM).opened(Login(*map(_storable, (username, password))))
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in opened):
        pytest.fail("control characters must be quoted")
    read = read_address(opened, NOWHERE)
    assert read.login == Login(_storable(username), _storable(password))
    assert read.host == "192.0.2.7"


def _storable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()


def test_secrets_in_query_and_path_are_masked() -> None:
    assert shown("http://cam/v?user=a&pwd=b&x=1") == "http://cam/v?user=a&pwd=***&x=1"
    assert shown("rtsp://u:p@cam/user=admin_password=geheim_channel=1") == (
        "rtsp://cam/user=admin_password=***_channel=1"
    )


def test_files_only_where_nobody_else_comes() -> None:
    address = read_address("file:///clips/gate.mp4", NOWHERE)
    with pytest.raises(Invalid, match="nobody else can reach"):
        FileRule(allow_files=False, is_file=lambda _: True).check(address)
    with pytest.raises(Invalid, match=r"there is no file gate\.mp4"):
        FileRule(allow_files=True, is_file=lambda _: False).check(address)
    FileRule(allow_files=True, is_file=lambda _: True).check(address)
