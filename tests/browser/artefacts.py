"""Pictures of the page that the tests leave behind for people to look at."""

from __future__ import annotations

import os
from pathlib import Path

from chrome import Tab

_ROOT = Path(__file__).parents[2]
DESKTOP, PHONE = (1280, 800), (390, 844)
kept: list[Path] = []


def folder() -> Path:
    """Where they go: `MILLRACE_ARTEFACTS`, else `runs/screenshots`, which git ignores."""
    path = Path(os.environ.get("MILLRACE_ARTEFACTS") or _ROOT / "runs" / "screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


async def keep(tab: Tab, name: str, size: tuple[int, int] = DESKTOP, scheme: str = "dark") -> Path:
    """A picture of the page in a window of this size (CSS pixels), in the dark or in the light."""
    await tab.prefer(prefers_color_scheme=scheme)
    path = folder() / f"{name}.png"
    await tab.look(path, *size)
    kept.append(path)
    return path
