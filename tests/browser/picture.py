"""Makes `docs/page.png`: the page with four rendered cameras and what the shipped model says of them, as it was.

    .venv/bin/python tests/browser/picture.py [FILE.png]

Chromium plays the cameras as files, as a person would choose them; nothing is drawn in. It takes about two minutes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "apps" / "doors")]

from chrome import ALLOW, attached, launched  # noqa: E402  found by the line above
from pages import CONNECTED, NARRATED, REPLIES, choose_files  # noqa: E402
from parrot import pause  # noqa: E402
from served_agent import agent_serving  # noqa: E402

from millrace.apps.worlds.shots import Format, shots  # noqa: E402
from millrace.apps.worlds.video import write_clip  # noqa: E402
from millrace.streams.world.world import World  # noqa: E402

SCENES = {"lobby": 1, "street": 1, "parking": 5, "yard": 3}
_KINDS = {"street": "crossing"}  # scenes that the page calls by another name
SECONDS, FORM = 60.0, Format(640, 384, 15)
SIZE = (1240, 780)
QUESTION = "how many people are in cam2"
NUM_SENTENCES = 9  # that the picture waits for


def render(folder: Path) -> list[Path]:
    """The files of the cameras."""
    videos = []
    for name, seed in SCENES.items():
        world = World(seed, 1, _KINDS.get(name, name), SECONDS)
        videos.append(folder / f"{name}.mp4")
        pictures = (shot.pixels for shot in shots(world, 0, FORM))
        write_clip(videos[-1], pictures, FORM.size, None, FORM.fps, 1_500_000)
    return videos


async def take(address: str, url: str, videos: list[Path], target: Path) -> None:
    """Watch until enough was said and a question is answered, then keep what is seen."""
    async with attached(address) as browser:
        tab = await browser.new_tab()
        await tab.prefer(prefers_color_scheme="dark")
        await tab.resize(*SIZE)
        await tab.go(url + "/")
        await tab.wait_for(CONNECTED)
        await choose_files(tab, videos)
        await tab.wait_for(f"{NARRATED}.length >= {NUM_SENTENCES}", 180)
        await tab.click("#question")
        await tab.write(QUESTION)
        await tab.press("Enter")
        await tab.wait_for(f"{REPLIES}.length", 60)
        await tab.wait_for(f"{NARRATED}.length >= {NUM_SENTENCES + 2}", 60)
        await pause(0.4)
        await tab.look(target, *SIZE)
        print("\n".join(await tab.evaluate("[...document.querySelectorAll('.said')].map(e => e.innerText)")))


def slim(path: Path) -> None:
    """Keep six bits of each colour: nobody sees the others, and the file is half as large."""
    picture = cv2.imread(str(path)).astype(np.uint16)
    picture = np.minimum((picture + 2) // 4 * 4, 255).astype(np.uint8)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def main() -> None:
    """Render, serve, look."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else _HERE.parents[1] / "docs" / "page.png")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos = render(folder)
        with (
            agent_serving(folder) as url,
            launched(folder / "profile", ALLOW) as address,
        ):
            asyncio.run(take(address, url, videos, target))
    slim(target)
    print(f"{target}: {target.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
