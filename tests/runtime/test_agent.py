import asyncio

import pytest
import torch
from media_files import NS_PER_TICK, RecurrentSpeaker, Word, write_clip

from millrace import Agent, Observers, PushSource
from millrace.errors import CheckpointError, ConfigError, SourceError
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.runtime.config import make_config
from millrace.streams.world.language import vocabulary


@pytest.fixture(scope="module")
def narrator():
    """The real model, small and untrained, with its gate wide open; it takes everything for a small thing."""
    torch.manual_seed(0)
    backbone = HybridConfig(d_model=64, pattern="MMMA", mlp_hidden=64, window=256)
    made = Narrator(NarratorConfig(backbone, EncoderConfig(), vocabulary(), speak_threshold=0.0)).eval()
    with torch.no_grad():
        made.encoder.heads.bias[0] = 2.0
        made.embedding.fovea.fill_(0.1)  # as if it knew closer looks
    return made


def test_typed_sources_run_through_a_model(clips):
    summary = Agent([f"door={clips[0]}", str(clips[1])], RecurrentSpeaker()).run_sync(realtime=False)
    assert [source.name for source in summary.sources] == ["door", "view1"]
    assert summary.num_sentences > 0
    assert summary.mode == "fast"


def test_an_agent_runs_again_from_the_beginning(clips):
    agent = Agent([clips[1].as_posix()], RecurrentSpeaker())
    first, second = (asyncio.run(agent.run(realtime=False)) for _ in range(2))
    assert first.sentences == second.sentences


def test_the_real_model_says_the_same_twice(clips, narrator):
    agent = Agent([str(clip) for clip in clips], narrator)
    first, second = (agent.run_sync(realtime=False) for _ in range(2))
    assert first.to_dict()["sentences"] == second.to_dict()["sentences"]
    assert first.num_words == second.num_words > 10
    assert first.tokens == second.tokens
    assert {"sample", "encode", "prune", "audio"} <= set(first.stages)


def test_the_budget_and_the_pace_are_the_agents(clips):
    reports = []
    agent = Agent([str(clips[1])], RecurrentSpeaker(), budget_ms=50, tick_hz=10)
    agent.run_sync(realtime=False, seconds=1.0, observers=Observers(on_report=reports.append))
    assert [report.t_ns for report in reports[:3]] == [0, NS_PER_TICK // 2, NS_PER_TICK]
    assert {report.plan.deadline_ns - report.t_ns for report in reports} == {50_000_000}
    assert len(reports) == 10


class Witness(RecurrentSpeaker):
    """Says in every tick, not quite sure, that a car came in."""

    def write(self, hidden, state, max_text_tokens, depth):
        words = ("cam1:", "a", "red", "car", "appears", "on", "the", "left")
        yield from (Word(word, probability=0.75) for word in words)
        yield Word("", is_end=True)


@pytest.mark.parametrize(("least", "is_alert"), [(0.0, True), (0.5, False)])
def test_an_alert_wants_as_sure_a_sentence_as_the_agent_is_told(clips, least, is_alert):
    session = Agent([str(clips[1])], Witness(), alert_confidence=least).session(realtime=False, seconds=1.0)
    session.text("tell me when a car enters cam1")
    told = asyncio.run(session.run()).sentences
    assert told
    assert {sentence.text.startswith("alert ") for sentence in told} == {is_alert}


def test_settings_make_an_agent(clips, narrator, tmp_path):
    weights = tmp_path / "mine.safetensors"
    save_narrator(narrator, weights)
    config = make_config(sources=[str(clips[1])], model=str(weights), budget_ms=50)
    summary = Agent.from_config(config).run_sync(realtime=False)
    assert summary.budget_ms == 50
    assert [source.name for source in summary.sources] == ["view1"]
    assert summary.num_words > 0


def test_fine_pictures_are_looked_at_closely_unless_that_is_switched_off(tmp_path, narrator):
    fine = str(write_clip(tmp_path / "fine.mp4", size=(640, 384)))
    first, second = (Agent([fine], narrator).run_sync(realtime=False) for _ in range(2))
    without = Agent([fine], narrator, fovea=False).run_sync(realtime=False)
    assert 0 < first.sources[0].closer_looks <= first.sources[0].frames_read
    assert first.to_dict()["sentences"] == second.to_dict()["sentences"]
    assert "fovea" in first.stages
    assert without.sources[0].closer_looks == 0
    assert without.sources[0].frames_read == first.sources[0].frames_read


def test_another_program_can_push_its_own_pictures():
    source = PushSource("mine")

    def push(report):
        if report.t_ns == 3 * NS_PER_TICK:
            source.close()
        source.push_frame(torch.full((96, 160, 3), report.t_ns % 251, dtype=torch.uint8).numpy())

    summary = Agent([source], RecurrentSpeaker()).run_sync(seconds=2, observers=Observers(on_report=push))
    [mine] = summary.sources
    assert mine.frames_read >= 2
    assert mine.state == "ended"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"sources": ["what is this"]}, SourceError),
        ({"sources": ["clip.mp4"], "budget_ms": 1}, ConfigError),
        ({"sources": ["clip.mp4"], "model": "none.safetensors"}, CheckpointError),
    ],
)
def test_wrong_settings_are_refused_at_once_in_one_line(settings, error):
    with pytest.raises(error) as refusal:
        Agent(**{"model": RecurrentSpeaker(), **settings})
    assert "\n" not in str(refusal.value)
