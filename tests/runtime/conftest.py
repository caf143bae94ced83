import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the test modules share media_files.py


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"threads left behind: {left}"


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """Four real H.264 files of 2 s; the first has a sound track."""
    from media_files import write_clip

    folder = tmp_path_factory.mktemp("clips")
    return [write_clip(folder / f"view{n}.mp4", seed=n, with_sound=n == 0) for n in range(4)]
