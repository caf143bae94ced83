"""Examinees that know everything, and one that says nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from millrace.apps.scoring.choice import choose
from millrace.apps.scoring.drafts import draft
from millrace.apps.scoring.examinee import Said
from millrace.apps.scoring.papers import NOW, PAST, Setting
from millrace.apps.scoring.sitting import sit
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.embedding import NS_PER_TICK
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.generation.words import END, SILENT
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.instructions import read_instruction
from millrace.streams.world.language import narrate
from millrace.streams.world.questions import REPLY, read_question
from millrace.streams.world.words import all_words

SETTINGS = (
    Setting("shapes", 90_001, 2, "easy", 12.0),
    Setting("unseen", 90_002, 1, "easy", 12.0, unseen=True),
    *(Setting("live", 90_010 + n, 3, "overlap", 20.0, kinds=NOW, num_orders=2) for n in range(7)),
    *(Setting("quiet", 90_006 + n, 2, "easy", 60.0, kinds=PAST, num_orders=2) for n in range(2)),
)


class Oracle:
    """Says what the log says: narration and alerts at the tick that shows an event, and the answers of the sheet."""

    name = "model"

    def __init__(self, sheet):
        self.sheet, self.events = sheet, sheet.setting.world().events

    def start(self, names):
        self.tick_number, self.standing = 0, []

    def tick(self, inputs, texts):
        self.tick_number += 1
        self.standing += [i for text in texts if (i := read_instruction(text))]
        now = [e for e in self.events if -(-e.t_ns // NS_PER_TICK) == self.tick_number]
        replies = [f"{REPLY} {self._answer(text)}" for text in texts if read_question(text)]
        told = [(narrate(e, is_alert=any(i.wants(e) for i in self.standing)), e.t_ns) for e in now]
        return [*map(Said, replies), *(Said(text, 1.0, t_ns) for text, t_ns in told)]

    def _answer(self, text):
        return next(
            q.asked.answer for q in self.sheet.queries if (q.text, q.asked.tick) == (text, self.tick_number)
        )


@pytest.fixture(scope="session")
def quiet_model(tmp_path_factory):
    """A small untrained model that says a short nonsense now and then."""
    torch.manual_seed(0)
    shape = HybridConfig(d_model=32, pattern="MA", num_heads=2, num_kv_heads=1, mlp_hidden=32, window=64)
    encoder = EncoderConfig(width=16, num_blocks=1, num_heads=2, mlp_hidden=16)
    narrator = Narrator(NarratorConfig(backbone=shape, encoder=encoder, words=all_words()))
    with torch.no_grad():
        narrator.head.bias[SILENT], narrator.head.bias[END] = 6.0, 2.0
    path = tmp_path_factory.mktemp("model") / "quiet.safetensors"
    save_narrator(narrator, path)
    return path


class Silent:
    name = "blind"

    def start(self, names):
        pass

    def tick(self, inputs, texts):
        return []


@pytest.fixture(scope="session")
def drafts():
    return [draft(setting) for setting in SETTINGS]


@pytest.fixture(scope="session")
def sheets(drafts):
    return choose(drafts)


@pytest.fixture(scope="session")
def sittings(sheets):
    """All of the small papers, before one who knows everything and one who says nothing."""
    return [sit([Oracle(sheet), Silent()], sheet) for sheet in sheets]


@pytest.fixture
def rng():
    return np.random.default_rng(0)
