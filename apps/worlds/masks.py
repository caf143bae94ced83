"""The masks of a video in one lossless file that numpy reads, a frame at a time."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

_LEVEL = 1  # of compression: masks are flat, and more buys little


class MaskFile:
    """An .npz with one array [H, W] uint8 a frame, `frame_000000` and so on; of fixed memory however long it gets."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def put(self, number: int, mask: NDArray[np.uint8]) -> None:
        with self._zip.open(f"{member(number)}.npy", "w") as entry:
            np.lib.format.write_array(entry, mask, allow_pickle=False)

    def __enter__(self) -> MaskFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()


def member(number: int) -> str:
    """The name of a frame's array: `np.load(path)[member(number)]`."""
    return f"frame_{number:06d}"
