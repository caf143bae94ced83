"""A clip through a whole session, as fast as it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...generation.narrator import Narrator
from ...runtime.agent import Agent
from ...streams.file import FileSource


def play_clip(narrator: Narrator, clip: Path) -> Sequence[tuple[int, str]]:
    """Sentences with the time of their cause; the same every time. Raises SourceError for what cannot be played."""
    summary = Agent([FileSource(clip)], model=narrator).run_sync(realtime=False)
    return [(round(sentence.t_s * 1e9), sentence.text) for sentence in summary.sentences]
