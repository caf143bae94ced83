"""What is scored was never trained on."""

from millrace.apps.scoring.worlds import CALIBRATION, HELD_OUT, HELD_OUT_EASY
from millrace.apps.training import encoder_stage, patches, stream_stage
from millrace.apps.training.settings import TrainSettings


def test_seeds_of_training_scoring_and_calibration_do_not_meet():
    settings = TrainSettings()
    # A batch takes fewer than two worlds, and a run that goes on skips two for each batch it has seen.
    encoder = range(patches.TRAIN_SEEDS, patches.TRAIN_SEEDS + 4 * settings.encoder_steps + 1000)
    streams = range(
        stream_stage._FIRST_SEED, stream_stage._FIRST_SEED + settings.num_streams + stream_stage.SHARD
    )
    watched = range(encoder_stage._EVALUATION_SEEDS, encoder_stage._EVALUATION_SEEDS + 1000)
    scored = {seed for seed, _, _ in HELD_OUT} | {seed for seed, _, _ in HELD_OUT_EASY}
    calibrated = {seed for seed, _, _ in CALIBRATION}
    assert len(scored) == len(HELD_OUT) + len(HELD_OUT_EASY)
    assert not scored & calibrated
    for trained in (encoder, streams, watched):
        assert not any(seed in trained for seed in scored | calibrated)
    assert not set(encoder) & set(streams)
