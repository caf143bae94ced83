"""Addresses of network cameras: what is one, and that no secret is ever shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.errors import SourceError
from millrace.streams.address import mask, parse_address


def test_an_address_keeps_its_secrets_to_itself() -> None:
    address = parse_address("RTSP://admin:p%40ss-word@10.0.0.2:8554/live?channel=1&password=hunter2")
    assert address.url == "rtsp://admin:p%40ss-word@10.0.0.2:8554/live?channel=1&password=hunter2"
    assert address.shown == "rtsp://10.0.0.2:8554/live?channel=1&password=***"
    assert (address.host, address.transport) == ("10.0.0.2", "tcp")
    assert "hunter2" not in repr(address) and "admin" not in repr(address)
    said = address.mask(f"cannot open '{address.url}', with p@ss-word nor p%40ss-word nor hunter2")
    assert said.count("***") >= 3
    assert "hunter2" not in said and "ss-word" not in said


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("rtsp://h/a?transport=udp", "rtsp://h/a"),
        ("rtsp://h/a?x=1&transport=UDP", "rtsp://h/a?x=1"),
        ("rtsp://h/a?transport=udp&x=1", "rtsp://h/a?x=1"),
    ],
)
def test_the_transport_is_ours_and_the_rest_is_the_cameras(text: str, url: str) -> None:
    address = parse_address(text)
    assert (address.url, address.transport) == (url, "udp")
    assert parse_address(text, "tcp").transport == "tcp"


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://",
        "rtsp:///path",
        "rtsp://h:port/x",
        "rtsp://h:99999/x",
        "rtsp://h/x y",
        "rtsp://h/\r\nPLAY",
        "http://h",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="no RTSP address; write rtsp://HOST"):
        parse_address(text)
    with pytest.raises(SourceError, match="transport=sctp is unknown; give tcp or udp"):
        parse_address("rtsp://h/x?transport=sctp")


@given(st.text("ab:/@?&=%. ", max_size=12), st.sampled_from(["", ":554", "/live", "/a?b=c", ":x/"]))
def test_no_password_is_in_an_error_or_in_what_is_shown(odd: str, rest: str) -> None:
    text = f"rtsp://user:hunter2{odd}@host{rest}"
    try:
        shown = parse_address(text).shown
    except SourceError as error:
        shown = str(error)
    assert "hunter2" not in shown.replace(mask(text), "")
    assert "hunter2" not in mask(text.replace(" ", ""))
