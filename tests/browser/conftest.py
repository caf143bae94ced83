"""Puts the browser, the server and the doors' own model on the path; skips where there is no Chromium."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "apps" / "doors")]

from chrome import ALLOW, DENY, PROGRAM, launched  # noqa: E402  found by the line above
from clips import as_camera, write_clip  # noqa: E402

_STORY_S = 90


def _launch(folder, *flags):
    if PROGRAM is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    return launched(folder / "profile", *flags)


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    """The address of a browser that gives its camera, a clip that grows bright and dark, to who asks."""
    folder = tmp_path_factory.mktemp("chrome")
    shades = [*range(40, 216, 8), *range(216, 40, -8)]
    with _launch(folder, ALLOW, as_camera(write_clip(folder / "clip.y4m", shades, fps=10))) as address:
        yield address


@pytest.fixture
def denying_chrome(tmp_path):
    """The address of a browser that denies every permission."""
    with _launch(tmp_path, DENY) as address:
        yield address


@pytest.fixture
def play():
    """Runs what a person does, to its end."""
    return lambda story: asyncio.run(asyncio.wait_for(story, _STORY_S))
