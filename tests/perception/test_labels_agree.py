"""What the encoder says and what it is trained on have one form."""

from millrace.perception import encoder
from millrace.streams.world import labels


def test_patches_and_motions_are_those_of_the_labels():
    assert (encoder.PATCH, encoder.COLUMNS, encoder.ROWS) == (labels.PATCH, labels.COLUMNS, labels.ROWS)
    assert (encoder.NUM_PATCHES, encoder.NUM_MOTIONS) == (labels.NUM_PATCHES, labels.NUM_MOTIONS)
