"""Which sources a run has: typed ones, local cameras, and rendered ones where there are too few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import ConfigError

DEFAULT_CAMERAS = 4
WORLD_SEED = 7


@dataclass(frozen=True, slots=True)
class Choice:
    """The sources of a run as typed strings, in the order of their numbers, and a line about them."""

    specs: Sequence[str]
    note: str = ""


def choose_sources(
    given: Sequence[str],
    num_cameras: int | None,
    *,
    is_realtime: bool,
    find_cameras: Callable[[], Sequence[str]],
    seed: int = WORLD_SEED,
) -> Choice:
    """Fills up to `num_cameras` with rendered cameras; without a source, local ones come first.

    `num_cameras` None means as many as were given, or four. `find_cameras` names the local cameras; it is
    only asked when no source is given and time is real, for a camera cannot be played faster than it happens.
    Raises ConfigError where more cameras are given than asked for.
    """
    if given:
        return _fill(given, num_cameras, seed)
    wanted = DEFAULT_CAMERAS if num_cameras is None else num_cameras
    local = list(find_cameras())[:wanted] if is_realtime else []
    named = [f"cam{number}={spec}" for number, spec in enumerate(local, start=1)]
    num_worlds = wanted - len(local)
    note = _note(len(local), num_worlds) if is_realtime else ""
    return Choice([*named, *world_specs(num_worlds, seed, first=len(local) + 1)], note)


def _fill(given: Sequence[str], num_cameras: int | None, seed: int) -> Choice:
    num_given = sum(not is_microphone(spec) for spec in given)
    if num_cameras is not None and num_given > num_cameras:
        raise ConfigError(
            f"--cams {num_cameras}, but {num_given} cameras are given; leave out --cams or a --source"
        )
    num_worlds = (num_cameras or num_given) - num_given
    note = f"rendering {_count(num_worlds)} to fill up to {num_cameras}" if num_worlds else ""
    return Choice([*given, *world_specs(num_worlds, seed, first=num_given + 1)], note)


def world_specs(count: int, seed: int, first: int = 1) -> list[str]:
    """Typed strings of cameras that look at one rendered world; their names go on from `first`."""
    return [
        f"cam{first + number}=world:seed={seed},cameras={count},camera={number + 1}"
        for number in range(count)
    ]


def is_microphone(spec: str) -> bool:
    device = spec.rpartition("=")[2]
    return device == "mic" or device.startswith("mic:")


def _note(num_local: int, num_worlds: int) -> str:
    if not num_worlds:
        return ""
    found = (
        f"only {_count(num_local)} was found" if num_local == 1 else f"only {_count(num_local)} were found"
    )
    return f"{found if num_local else 'no camera was found'}: rendering {_count(num_worlds)} instead"


def _count(number: int) -> str:
    return "1 camera" if number == 1 else f"{number} cameras"
