import pytest

from millrace.errors import ConfigError
from millrace.runtime.config import load_config, make_config


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("BUDGET_MS", "SOURCES", "TICK_HZ", "CAMS", "REALTIME", "MODEL", "FOVEA"):
        monkeypatch.delenv(f"MILLRACE_{name}", raising=False)
    return tmp_path


def test_defaults():
    config = load_config()
    assert (config.budget_ms, config.tick_hz, config.realtime, config.model) == (200, 5, True, "nano")
    assert (config.budget_ns, config.period_ns) == (200_000_000, 200_000_000)


def test_flags_win_over_environment_over_file_over_defaults(alone, monkeypatch):
    (alone / "millrace.toml").write_text('[run]\nbudget_ms = 100\ntick_hz = 4\nmodel = "file.safetensors"\n')
    monkeypatch.setenv("MILLRACE_BUDGET_MS", "150")
    monkeypatch.setenv("MILLRACE_TICK_HZ", "3")
    config = load_config(budget_ms=120, tick_hz=None)
    assert (config.budget_ms, config.tick_hz, config.model, config.cams) == (120, 3, "file.safetensors", None)


def test_closer_looks_are_on_unless_switched_off(monkeypatch):
    assert load_config().fovea
    assert not load_config(fovea=False).fovea
    monkeypatch.setenv("MILLRACE_FOVEA", "false")
    assert not load_config().fovea


def test_sources_in_the_environment_are_parted_by_semicolons(monkeypatch):
    monkeypatch.setenv("MILLRACE_SOURCES", "door=a.mp4; world:seed=7,scene=easy ;")
    assert load_config().sources == ("door=a.mp4", "world:seed=7,scene=easy")


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ({"budget_ms": -5}, ["budget_ms is -5", "10 to 10000"]),
        ({"budget_ms": float("nan")}, ["budget_ms is nan"]),
        ({"cams": 5}, ["cams is 5", "1 to 4"]),
        ({"cams": 0}, ["cams is 0"]),
        ({"seconds": 0}, ["seconds is 0", "above 0"]),
        ({"seconds": float("inf")}, ["seconds is inf"]),
        ({"alert_confidence": 60}, ["alert_confidence is 60", "0 to 1"]),
        ({"tick_hz": "often"}, ["tick_hz is 'often'", "1 to 30"]),
        ({"model": ""}, ["model is ''", "nano"]),
        ({"sources": 7}, ["sources is 7", "clip.mp4"]),
        ({"speed": 1}, ["speed", "budget_ms"]),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it_and_its_mend(flags, parts):
    with pytest.raises(ConfigError) as refusal:
        load_config(**flags)
    message = str(refusal.value)
    assert "\n" not in message
    assert all(part in message for part in parts), message


def test_a_wrong_value_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("MILLRACE_REALTIME", "perhaps")
    with pytest.raises(ConfigError, match="realtime is 'perhaps'; give true for real time"):
        load_config()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[run]\nspeed = 3\n", "speed: there is no such setting"),
        ("[run\n", "cannot be read as TOML"),
        ("run = 3\n", r"\[run\] is 3"),
        ("[run]\nbudget_ms = 'soon'\n", "budget_ms is 'soon'"),
    ],
)
def test_a_wrong_file_is_one_line(alone, text, part):
    (alone / "millrace.toml").write_text(text)
    with pytest.raises(ConfigError, match=part) as refusal:
        load_config()
    assert "\n" not in str(refusal.value)


def test_a_library_user_is_not_touched_by_the_environment(alone, monkeypatch):
    (alone / "millrace.toml").write_text("[run]\nbudget_ms = 100\n")
    monkeypatch.setenv("MILLRACE_TICK_HZ", "3")
    config = make_config(seconds=2)
    assert (config.budget_ms, config.tick_hz, config.seconds) == (200, 5, 2)
