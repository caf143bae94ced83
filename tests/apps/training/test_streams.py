"""Which worlds a run reads."""

from millrace.apps.training import stream_stage
from millrace.apps.training.settings import TrainSettings


def test_a_run_may_read_other_worlds_than_the_one_before(tmp_path):
    settings = TrainSettings(out=tmp_path, num_streams=12, skip_streams=100)
    first, second = (stream_stage.shard_task(settings, n) for n in range(2))
    assert [(each.first_world, each.num_streams) for each in (first, second)] == [(100, 8), (108, 4)]


def test_long_worlds_are_as_frequent_as_wished():
    for share, expected in ((0.0, {8.0}), (0.5, {8.0, 24.0}), (1.0, {24.0})):
        worlds = [stream_stage._draw_world(seed, 8.0, share) for seed in range(20)]
        assert {world.duration_s for world in worlds} == expected
        assert all(world.num_cameras <= 2 for world in worlds if world.duration_s == 24.0)
