"""The settings of `agent serve`: layers, refusals in one line, and no secret in any of them."""

import logging

import pytest

from millrace.apps.doors.layers import load_serve_config
from millrace.apps.doors.limits import Rate, network_of
from millrace.apps.doors.masking import MaskingFormatter, make_token, mask
from millrace.apps.doors.settings import is_loopback, make_serve_config
from millrace.errors import ConfigError, MillraceError
from millrace.streams.clock import NS_PER_S, VirtualClock


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_flags_win_over_environment_over_file_over_defaults(elsewhere, monkeypatch):
    (elsewhere / "millrace.toml").write_text(
        '[serve]\nport = 9001\ncams = 2\nbudget_ms = 150\nstart = ["door"]\n'
        '[serve.limits]\nsessions = 3\n[cameras]\ndoor = "a.mp4"\nyard = "b.mp4"\n'
    )
    monkeypatch.setenv("MILLRACE_SERVE_PORT", "9002")
    monkeypatch.setenv("MILLRACE_SERVE_CAMS", "3")
    monkeypatch.setenv("MILLRACE_SERVE_ORIGINS", "https://a.example;https://b.example")
    config = load_serve_config(["shed=c.mp4", "yard=d.mp4"], port=9003, host=None)
    assert (config.port, config.cams, config.budget_ms, config.host) == (9003, 3, 150, "127.0.0.1")
    assert config.cameras == {"door": "a.mp4", "yard": "d.mp4", "shed": "c.mp4"}
    assert config.start == ("door", "shed", "yard")
    assert config.origins == ("https://a.example", "https://b.example")
    assert config.limits.sessions == 3


def test_microphones_are_listened_to_unless_the_owner_says_who_is(elsewhere, monkeypatch):
    cameras = {"film": "a.mp4", "door": "rtsp://10.0.0.5/main", "desk": "mic", "hall": "mic:2", "porch": "0"}
    assert make_serve_config(cameras=cameras).heard == ("desk", "hall")
    assert make_serve_config(cameras=cameras, listen=["door", "film"]).heard == ("door", "film")
    assert make_serve_config(cameras=cameras, listen=[]).heard == ()
    (elsewhere / "millrace.toml").write_text('[serve]\nlisten = ["yard"]\n[cameras]\nfilm = "a.mp4"\n')
    assert load_serve_config(["yard=b.mp4"]).heard == ("yard",)  # of another layer than its name
    assert load_serve_config(["yard=b.mp4"], listen=("film", "yard")).heard == ("film", "yard")
    monkeypatch.setenv("MILLRACE_SERVE_LISTEN", "film; yard")
    assert load_serve_config(["yard=b.mp4"]).heard == ("film", "yard")
    with pytest.raises(
        ConfigError, match=r"listen: there is no camera 'yard'; the table \[cameras\] has film"
    ):
        load_serve_config()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"port": 99_999}, "port is 99999; give a port"),
        ({"alert_confidence": 60}, "alert_confidence is 60; give a number from 0 to 1"),
        ({"cams": 5}, "cams is 5; give a number of cameras from 1 to 4"),
        ({"origins": "*"}, "origins is '*'; give a list of origins"),
        ({"record": "all"}, "record is 'all'; give off"),
        ({"start": "door"}, "start: there is no camera 'door'"),
        ({"listen": ["door"], "cameras": {"yard": "a.mp4"}}, "listen: there is no camera 'door'; the table"),
        ({"listen": "door", "cameras": {"door": "0"}}, "listen: door is a local camera, which has no sound"),
        ({"listen": 3}, "listen is 3; give a list of those cameras in whose sound speech is listened for"),
        ({"cameras": {"a b": "x.mp4"}}, "'a b' is no name of a camera"),
        ({"cameras": {"a": "nonsense"}}, "'nonsense' is not a source"),
        ({"tls_cert": "cert.pem"}, "a certificate needs its key"),
        ({"tls_cert": "cert.pem", "tls_key": "key.pem"}, "cert.pem: there is no such file"),
        ({"limits": {"sessions": 0}}, "sessions is 0; give sessions that one door holds at once"),
        ({"colour": "red"}, "colour: there is no such setting; choose from host, port"),
        ({"token": "short"}, "token is not usable; give 8 to 256 printable characters"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(settings, told):
    with pytest.raises(MillraceError) as caught:
        make_serve_config(**settings)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_file_is_told_with_its_name(elsewhere):
    (elsewhere / "millrace.toml").write_text("[serve\n")
    with pytest.raises(ConfigError, match=r"millrace\.toml: cannot be read as TOML"):
        load_serve_config()
    (elsewhere / "millrace.toml").write_text('cameras = "door"\n')
    with pytest.raises(ConfigError, match=r"\[cameras\] is 'door'; write a table"):
        load_serve_config()


def test_another_address_than_this_machine_gets_a_token_and_this_machine_none():
    assert load_serve_config().token is None
    made, again = load_serve_config(host="0.0.0.0"), load_serve_config(host="0.0.0.0")
    assert len(made.secret) >= 24 and made.secret != again.secret
    assert load_serve_config(host="::", token="its-own-token").secret == "its-own-token"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("LocalHost", True)]
    + [(host, False) for host in ("127.0.0.1.example.org", "0.0.0.0", "localhost.example", "10.0.0.1", "")],
)
def test_only_real_loopback_counts_as_this_machine(host, expected):
    assert is_loopback(host) is expected


def test_secrets_are_shown_nowhere():
    token = make_token()
    config = make_serve_config(
        token=token,
        cameras={"door": "clip.mp4"},
        ice_servers=[{"urls": "turn:t.example", "username": "u", "credential": "geheim-123"}],
    )
    assert token not in repr(config) and "geheim-123" not in repr(config)
    with pytest.raises(ConfigError) as caught:
        make_serve_config(token=token + " x")
    assert token not in str(caught.value)
    text = mask(f"rtsp://admin:pass@10.0.0.5/x Bearer {token} and {token}", token)
    assert text == "rtsp://***@10.0.0.5/x Bearer *** and ***"
    assert mask("rtsp://admin:p@ss@10.0.0.5/x rtsp://h/a@b") == "rtsp://***@10.0.0.5/x rtsp://h/a@b"
    assert mask('{"a": "http://h", "b": "c@d"}') == '{"a": "http://h", "b": "c@d"}'
    assert mask("send Authorization: Bearer TOKEN, please") == "send Authorization: Bearer TOKEN, please"


def test_a_log_masks_messages_and_tracebacks():
    try:
        raise ValueError("cannot open rtsp://admin:pass@10.0.0.5/x with my-own-token")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed %s", ("my-own-token",), None)
        record.exc_info = (type(error), error, error.__traceback__)
    text = MaskingFormatter("my-own-token").format(record)
    assert "Traceback" in text and "rtsp://***@10.0.0.5/x" in text
    assert "my-own-token" not in text and "pass" not in text


def test_a_rate_lets_a_minutes_worth_through_at_once_and_then_its_pace():
    clock = VirtualClock()
    rate = Rate(6, clock)
    assert [rate.take("10.0.0.1") for _ in range(6)] == [0] * 6
    assert rate.take("10.0.0.1") == pytest.approx(10)
    assert rate.take("10.0.0.2") == 0
    clock.jump_to(10 * NS_PER_S)
    assert rate.take("10.0.0.1") == 0
    assert rate.is_spent("10.0.0.1") == pytest.approx(10)


def test_a_rate_forgets_addresses_before_it_grows():
    rate = Rate(6, VirtualClock())
    for n in range(10_000):
        rate.take(f"10.{n >> 8}.{n & 255}.1")
    assert len(rate._buckets) <= 4096


def test_an_ipv6_network_shares_one_allowance():
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1")
    assert network_of("unknown") == "unknown"
