"""A first look at all sources before a session: who can run, under which name, and why the others cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import AwayError, ConfigError, SourceError
from ..streams.microphone import MicrophoneSource
from ..streams.reader import one_line
from ..streams.source import Source, SourceInfo

PROBE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """One source of a session, made by `open_sources`: `info` or `trouble` is there, both for one that is waited for."""

    name: str  # unique in the session
    source: Source
    info: SourceInfo | None = None
    trouble: str = ""  # one line: why it cannot run

    @property
    def is_camera(self) -> bool:
        """Has pictures. One that could not be opened keeps its number, so that the others keep theirs."""
        return self.info.has_video if self.info else not isinstance(self.source, MicrophoneSource)


async def open_sources(sources: Sequence[Source], *, realtime: bool) -> list[OpenedSource]:
    """Looks at all sources at once.

    A camera that is away is opened as one that will come.

    Raises SourceError where none can run, ConfigError where a live one should be played as fast as possible.
    """
    names = unique_names([source.name for source in sources])
    opened = await asyncio.gather(*map(_open, names, sources))
    if not any(source.info for source in opened):
        troubles = [source.trouble for source in opened]
        raise SourceError(
            "; ".join(troubles) or "there is no source; give one, such as clip.mp4 or world:seed=7"
        )
    for source in opened:
        if source.info is not None and source.info.is_live and not realtime:
            raise ConfigError(
                f"{source.name} is live and cannot be played as fast as possible; leave out --fast"
            )
    return list(opened)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with `-2`, `-3` ... behind those that were there before: `clip`, `clip-2`."""
    unique: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in unique:
            candidate, number = f"{name}-{number}", number + 1
        unique.append(candidate)
    return unique


async def _open(name: str, source: Source) -> OpenedSource:
    try:
        return OpenedSource(name, source, await _probe_in_thread(name, source))
    except AwayError as error:
        # It runs all the same, and its pictures are read from when it comes on.
        awaited = SourceInfo(has_video=True, has_audio=True, is_live=True)
        return OpenedSource(name, source, awaited, f"{one_line(name, error)}; it is waited for")
    except TimeoutError:
        return OpenedSource(
            name, source, trouble=f"{name}: no answer within {PROBE_TIMEOUT_S:.0f} s; is it in use?"
        )
    except Exception as error:
        # Whatever a library throws at a bad file is one line about this source, not the end of the rest.
        return OpenedSource(name, source, trouble=one_line(name, error))


async def _probe_in_thread(name: str, source: Source) -> SourceInfo:
    # A thread of its own and not a pool: a device that never answers must not hold up the end of the program.
    loop, answer = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def tell(info: SourceInfo | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(info)

    def probe() -> None:
        outcome: tuple[SourceInfo | None, Exception | None]
        try:
            outcome = source.probe(), None
        except Exception as error:
            outcome = None, error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, *outcome)

    thread = threading.Thread(target=probe, name=f"probe-{name}", daemon=True)
    thread.start()
    try:
        info: SourceInfo = await asyncio.wait_for(answer, PROBE_TIMEOUT_S)
        return info
    finally:
        if not answer.cancelled():
            thread.join()  # it has answered and has nothing left to do
