from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.address import host_of, is_near, normalised, system_id
from console.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nvr", "http://nvr:8480"),
        ("  nvr.example:9000 ", "http://nvr.example:9000"),
        ("192.168.1.20", "http://192.168.1.20:8480"),
        ("http://nvr", "http://nvr:8480"),
        ("https://nvr", "https://nvr:443"),
        ("https://nvr:8443/some/page?x=1", "https://nvr:8443"),
        ("::1", "http://[::1]:8480"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("HTTP://NVR:80", "http://nvr:80"),
    ],
)
def test_what_people_type_becomes_an_address(typed: str, meant: str) -> None:
    assert normalised(typed) == meant
    assert normalised(meant) == meant


@pytest.mark.parametrize(
    "typed", ["", "   ", "ftp://nvr", "nvr:port", "nvr:99999", "two words", "http://", "[::1"]
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalised(typed)
    assert caught.value.remedy is not None


@given(st.text(max_size=40))
def test_no_text_breaks_it(typed: str) -> None:
    try:
        address = normalised(typed)
    except InvalidInput:
        return
    assert host_of(address)
    assert "/" not in system_id(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8480", True),
        ("http://[::1]:8480", True),
        ("http://localhost:1", True),
        ("http://192.168.1.1:8480", True),
        ("http://nvr:8480", True),
        ("http://nvr.local:8480", True),
        ("http://nvr.example.com:8480", False),
        ("http://8.8.8.8:8480", False),
    ],
)
def test_no_proxy_is_meant_nearby(address: str, expected: bool) -> None:
    assert is_near(address) is expected
