"""Files that appear all together when they are done, and not at all where something ends the work before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ConfigError


def partial(path: Path) -> Path:
    """Where a file grows until it is whole: `out.mp4.partial`."""
    return path.with_name(f"{path.name}.partial")


@contextlib.contextmanager
def whole(paths: Sequence[Path]) -> Iterator[None]:
    """Whoever is inside writes `partial(path)` for each path; at the end all get their names.

    Where the inside fails or is interrupted all partial files are taken away, and what stood at the paths before
    stands there still. Raises ConfigError where the system refuses to write.
    """
    try:
        yield
        for path in paths:
            partial(path).replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        place = error.filename or paths[0]
        raise ConfigError(f"{place}: cannot be written ({reason}); free some space or name another") from None
    finally:
        for path in paths:
            with contextlib.suppress(OSError):
                partial(path).unlink()
