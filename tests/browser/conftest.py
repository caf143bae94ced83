"""Puts the browser, the server and the doors' own model on the path; skips where there is no Chromium."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "apps" / "doors")]

from artefacts import kept  # noqa: E402  found by the line above
from chrome import ALLOW, DENY, PROGRAM, launched  # noqa: E402
from clips import as_camera, write_shades, write_world  # noqa: E402
from served_agent import agent_serving  # noqa: E402

from millrace.streams.world.world import World  # noqa: E402

_STORY_S = 480  # far more than it needs: a hang is a failure, a busy machine is not


def _launch(folder, *flags):
    if PROGRAM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return launched(folder / "profile", *flags)


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    """The address of a browser that gives its camera, a clip that grows bright and dark, to who asks."""
    folder = tmp_path_factory.mktemp("chrome")
    shades = [*range(40, 216, 8), *range(216, 40, -8)]
    with _launch(folder, ALLOW, as_camera(write_shades(folder / "clip.y4m", shades, fps=10))) as address:
        yield address


@pytest.fixture
def denying_chrome(tmp_path):
    """The address of a browser that denies every permission."""
    with _launch(tmp_path, DENY) as address:
        yield address


@pytest.fixture
def unsafe_chrome(tmp_path):
    """The address of a browser for whom `millrace.test` is this machine, by a name that is not local."""
    with _launch(tmp_path, ALLOW, "--host-resolver-rules=MAP millrace.test 127.0.0.1") as address:
        yield address


@pytest.fixture
def pathless_chrome(tmp_path):
    """The address of a browser that sends no UDP, as in many company networks."""
    with _launch(tmp_path, ALLOW, "--webrtc-ip-handling-policy=disable_non_proxied_udp") as address:
        yield address


@pytest.fixture(scope="session")
def world():
    """What happens before the camera of `world_chrome`, again and again."""
    return World(12_004, 1, "easy", 12.0)


@pytest.fixture(scope="session")
def world_chrome(tmp_path_factory, world):
    """The address of a browser whose camera sees a rendered world."""
    folder = tmp_path_factory.mktemp("world")
    with _launch(folder, ALLOW, as_camera(write_world(folder / "world.y4m", world))) as address:
        yield address


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    """The address of `agent serve` with the model that ships."""
    # A budget that a busy machine keeps too: it is what is seen and said that is tested, not how fast.
    with agent_serving(tmp_path_factory.mktemp("agent"), "--budget-ms", "1000") as url:
        yield url


@pytest.fixture
def play():
    """Runs what a person does, to its end."""
    return lambda story: asyncio.run(asyncio.wait_for(story, _STORY_S))


def pytest_terminal_summary(terminalreporter):
    """Says where the pictures are."""
    if kept:
        names = ", ".join(path.name for path in kept)
        terminalreporter.write_line(f"screenshots: {names} in {kept[0].parent}")
