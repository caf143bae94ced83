"""Real clips with dirt put on their pictures."""

import itertools
import json

import av
import numpy as np
import pytest
from rich.console import Console

from millrace.apps.bench_clips import bench_clips
from millrace.apps.scoring.soiling import CLEAN, SOILS, Soil, soil_clip
from millrace.errors import ConfigError

LABELS = {
    "objects": [
        {"kind": "person", "colour": "red", "events": [{"t_s": 1.0, "event": "enter", "side": "left"}]}
    ]
}


@pytest.fixture(scope="module")
def clip(agent, tmp_path_factory):
    """Five seconds of a rendered camera with its sound, and labels beside it."""
    path = tmp_path_factory.mktemp("soiled") / "door.mp4"
    done = agent("world", "--seed", 7, "--seconds", 5, "--size", "320x192", "--fps", 15, "--save", path)
    assert done.returncode == 0, done.stderr
    path.with_suffix(".json").write_text(json.dumps(LABELS))
    return path


def pictures(path):
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="rgb24").astype(np.float32)) for f in container.decode(video=0)]


def sound(path):
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])


def soiled(clip, soil, tmp_path):
    out = tmp_path / "dirty.mp4"
    soil_clip(clip, soil, out)
    return out


def test_without_dirt_pictures_times_and_sound_stay(clip, tmp_path):
    out = soiled(clip, CLEAN, tmp_path)
    before, after = pictures(clip), pictures(out)
    assert len(before) == len(after)
    assert np.allclose([t for t, _ in before], [t for t, _ in after], atol=1e-3)
    assert max(np.abs(a - b).mean() for (_, a), (_, b) in zip(before, after, strict=True)) < 3
    assert np.array_equal(sound(clip), sound(out))


def test_each_dirt_changes_the_pictures_and_more_of_it_changes_them_more(clip, tmp_path):
    fine = [picture for _, picture in pictures(soiled(clip, CLEAN, tmp_path))]
    changes = {}
    for soil in SOILS:
        dirty = [picture for _, picture in pictures(soiled(clip, soil, tmp_path))]
        changes.setdefault(soil.name, []).append(
            np.mean([np.abs(a - b).mean() for a, b in zip(fine, dirty, strict=True)])
        )
    for name, (less, more) in changes.items():
        assert 0.01 < less < more, name


def test_a_frozen_picture_stands_still_for_so_long_and_no_longer(clip, tmp_path):
    shown = pictures(soiled(clip, Soil("frozen", 2.0, ""), tmp_path))
    still = [np.abs(a - b).mean() for (_, a), (_, b) in itertools.pairwise(shown)]
    times = [t for t, _ in shown[1:]]
    # The codec refines a still picture: little changes in it, and least of all is not nothing.
    frozen = np.mean([s for s, t in zip(still, times, strict=True) if t < 1.9])
    assert frozen < 0.3 * np.mean([s for s, t in zip(still, times, strict=True) if t > 2.1])


def test_the_bench_has_a_row_for_the_clips_as_they_are_and_one_for_each_dirt(clip, one_thread):
    dark = Soil("light", 0.25, "of what it was")
    found = bench_clips(None, [(clip, clip.with_suffix(".json"))], [dark], 1, Console(quiet=True))
    assert [row.dirt for row in found.rows] == ["clean", "light 0.25 of what it was"]
    for row in found.rows:
        counts = row.clips["door"].counts
        assert counts.happened == 1 and counts.hits <= counts.said
        assert row.f1 == pytest.approx(counts.f1, abs=1e-4)


def test_a_file_that_is_no_video_is_named(tmp_path):
    path = tmp_path / "letter.mp4"
    path.write_text("not a video")
    with pytest.raises(ConfigError, match=r"letter\.mp4"):
        soil_clip(path, CLEAN, tmp_path / "out.mp4")


def test_a_folder_without_labelled_clips_is_told_in_one_line(agent, tmp_path):
    done = agent("bench", "clips", "--clips", tmp_path)
    assert done.returncode == 2 and str(tmp_path) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
