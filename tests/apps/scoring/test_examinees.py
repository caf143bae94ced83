"""What the examinees beside the model get to see."""

import numpy as np

from millrace.apps.scoring.examinees import LastFrame
from millrace.generation.embedding import NS_PER_TICK
from millrace.streams.media import AudioChunk, Inputs, VideoFrame


class Witness:
    """Notes what is shown to it."""

    def __init__(self):
        self.shown = []

    def start(self, names):
        pass

    def forget(self):
        self.shown = []

    def tick(self, inputs, texts):
        self.shown.append((inputs, list(texts)))
        return [str(len(self.shown))]


def test_the_last_frame_alone_is_seen_for_a_while_before_a_question():
    witness = Witness()
    last = LastFrame(witness)
    for n in range(1, 30):
        t_ns = n * NS_PER_TICK
        frame = VideoFrame("cam1", t_ns, np.full((96, 160, 3), n, np.uint8))
        sound = AudioChunk("mic", t_ns - NS_PER_TICK, np.ones(3200, np.float32))
        texts = ["is there a red disc in cam1"] if n in (20, 29) else []
        said = last.tick(Inputs(t_ns, {"cam1": frame}, {"mic": [sound]}), texts)
        assert said == [str(len(witness.shown))]  # of the last tick alone
        assert {inputs.frames["cam1"].pixels[0, 0, 0] for inputs, _ in witness.shown} == {n}
        assert [texts for _, texts in witness.shown if texts] == ([texts] if texts else [])
        assert len(witness.shown) == (11 if texts else 1)
        assert [bool(inputs.audio) for inputs, _ in witness.shown] == [False] * (len(witness.shown) - 1) + [
            True
        ]
        times = [inputs.t_ns for inputs, _ in witness.shown]
        assert times == [t_ns - k * NS_PER_TICK for k in range(len(times) - 1, -1, -1)]
