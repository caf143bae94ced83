"""Examinees that know everything, and one that says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from millrace.apps.scoring.choice import choose
from millrace.apps.scoring.drafts import draft
from millrace.apps.scoring.examinee import Said
from millrace.apps.scoring.papers import NOW, PAST, Setting
from millrace.apps.scoring.sitting import sit
from millrace.generation.embedding import NS_PER_TICK
from millrace.streams.world.instructions import read_instruction
from millrace.streams.world.language import narrate
from millrace.streams.world.questions import REPLY, read_question

SETTINGS = (
    Setting("shapes", 90_001, 2, "easy", 12.0),
    Setting("unseen", 90_002, 1, "easy", 12.0, unseen=True),
    *(Setting("live", 90_010 + n, 3, "overlap", 20.0, kinds=NOW, num_orders=2) for n in range(7)),
    *(Setting("quiet", 90_006 + n, 2, "easy", 60.0, kinds=PAST, num_orders=2) for n in range(2)),
)


class Oracle:
    """Says what the log says: narration and alerts at the tick that shows an event, and the answers of the sheet."""

    name = "oracle"

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


class Silent:
    name = "silent"

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
