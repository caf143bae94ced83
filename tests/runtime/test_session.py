import asyncio
import itertools
import json
import signal
import threading
from dataclasses import asdict, dataclass

import pytest
from media_files import NS_PER_TICK, MeanLooker, RecurrentSpeaker, write_clip

from millrace.errors import ConfigError, SourceError
from millrace.runtime.budget import Limits
from millrace.runtime.interrupt import stop_on_interrupt
from millrace.runtime.observers import Observers
from millrace.runtime.session import Session, SessionOptions
from millrace.streams.clock import VirtualClock
from millrace.streams.file import FileSource
from millrace.streams.media import EventKind
from millrace.streams.source import SourceInfo

FAST = SessionOptions(Limits(depth=1), realtime=False)
REAL = SessionOptions(Limits(depth=1), realtime=True)


def make_session(paths, options=FAST, speaker=None, observers=None, clock=None, sources=None):
    speaker = speaker or RecurrentSpeaker()
    sources = sources if sources is not None else [FileSource(path) for path in paths]
    return Session(sources, speaker, speaker.perception, options, observers=observers, clock=clock)


def run(session):
    async def alone():
        summary = await session.run()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return summary

    return asyncio.run(alone())


def states(summary):
    return {source.name: source.state for source in summary.sources}


def test_two_fast_runs_say_the_same_byte_for_byte(clips):
    said = [json.dumps([asdict(one) for one in run(make_session(clips)).sentences]) for _ in range(2)]
    assert said[0] == said[1]
    assert len(json.loads(said[0])) >= 5


def test_a_fast_run_drops_no_frame_and_accounts_for_each(clips):
    summary = run(make_session(clips))
    for source in summary.sources:
        assert source.frames_in == 60
        assert source.dropped == 0
        assert source.frames_read + source.passed + sum(source.skipped.values()) == 60
    assert {"take", "plan", "look", "read", "write", "encode"} <= set(summary.stages)
    assert summary.ticks.count >= 11
    assert states(summary) == dict.fromkeys(("view0", "view1", "view2", "view3"), "ended")


def test_words_arrive_before_the_report_of_their_tick_and_make_its_sentences(clips):
    heard = []
    observers = Observers(on_delta=heard.append, on_report=heard.append)
    summary = run(make_session(clips, observers=observers))
    words = [entry for entry in heard if hasattr(entry, "text")]
    assert sum(word.is_end for word in words) == summary.num_sentences == len(summary.sentences)
    assert summary.num_words == len(words)
    for place, entry in enumerate(heard):
        if not hasattr(entry, "text"):
            assert sum(not hasattr(before, "costs_ns") for before in heard[:place]) == sum(
                before.num_text_tokens for before in heard[: place + 1] if hasattr(before, "costs_ns")
            )


def test_a_sentence_names_its_camera_and_its_cause(clips):
    summary = run(make_session(clips))
    for sentence in summary.sentences:
        assert sentence.camera == f"view{int(sentence.text[3]) - 1}"
        assert sentence.t_out_s >= sentence.t_s >= 0


def test_one_broken_source_among_four_is_reported_and_the_rest_runs_on(clips, tmp_path):
    bad = tmp_path / "notes.mp4"
    bad.write_text("no film, only words\n")
    events = []
    session = make_session([clips[0], bad, clips[2], clips[3]], observers=Observers(on_event=events.append))
    summary = run(session)
    assert states(summary) == {"view0": "ended", "view2": "ended", "view3": "ended", "notes": "broken"}
    told = [event for event in events if event.kind is EventKind.BROKEN]
    assert [event.source for event in told] == ["notes"]
    assert "notes.mp4" in told[0].detail
    assert "\n" not in told[0].detail
    # The others keep the numbers that they were given on the command line.
    assert {one.text[:4]: one.camera for one in summary.sentences}.get("cam3", "view2") == "view2"


def test_a_file_cut_in_the_middle_breaks_alone(clips, tmp_path):
    whole = write_clip(tmp_path / "whole.mkv", seconds=3.0, seed=9)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    summary = run(make_session([cut, clips[1]]))
    assert states(summary) == {"cut": "broken", "view1": "ended"}
    assert {source.name: source.frames_in for source in summary.sources}["view1"] == 60


def test_no_source_that_runs_is_one_error_that_names_all(tmp_path):
    with pytest.raises(SourceError) as refusal:
        run(make_session([tmp_path / "one.mp4", tmp_path / "two.mp4"]))
    assert "one.mp4" in str(refusal.value)
    assert "two.mp4" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_source_at_all_is_refused():
    with pytest.raises(SourceError, match="no source"):
        run(make_session([]))


def test_the_same_file_twice_gets_two_names(clips):
    assert set(states(run(make_session([clips[1], clips[1]])))) == {"view1", "view1-2"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_session_with_a_summary(clips, number):
    def interrupt(report):
        if report.t_ns == 3 * NS_PER_TICK:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    session = make_session(clips, observers=Observers(on_report=interrupt))
    with stop_on_interrupt(session.stop):
        summary = run(session)
    assert summary.ticks.count == 4
    assert signal.getsignal(number) == before


def test_seconds_end_a_session(clips):
    summary = run(make_session(clips, SessionOptions(Limits(depth=1), realtime=False, seconds=1.0)))
    assert summary.ticks.count == 5


def test_a_session_stopped_before_it_began_ends_at_once(clips):
    session = make_session(clips)
    session.stop()
    assert run(session).ticks.count == 0


def test_a_cancelled_session_leaves_nothing_behind(clips):
    async def cancel_after_a_tick():
        session = make_session(clips, observers=Observers(on_report=lambda _: task.cancel()))
        task = asyncio.create_task(session.run())
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_after_a_tick())


def test_what_an_observer_raises_ends_the_session_as_it_is(clips):
    def fail(_):
        raise RuntimeError("the screen is gone")

    with pytest.raises(RuntimeError, match="the screen is gone"):
        run(make_session(clips, observers=Observers(on_delta=fail)))


class FailingSpeaker(RecurrentSpeaker):
    def read(self, t_ns, blocks, state, depth):
        if t_ns == 2 * NS_PER_TICK and len(blocks) == 5:
            raise ValueError("this model is out of order")
        return super().read(t_ns, blocks, state, depth)


def test_what_the_model_raises_ends_the_session_as_it_is(clips):
    with pytest.raises(ValueError, match="out of order"):
        run(make_session(clips, FAST, FailingSpeaker()))


class BusySpeaker(RecurrentSpeaker):
    """Takes session time for some ticks, as a slow machine would; not the first three."""

    def __init__(self, clock, busy_ms):
        super().__init__()
        self.clock, self.busy_ms = clock, busy_ms

    def read(self, t_ns, blocks, state, depth):
        self.clock.jump_to(self.clock.now_ns() + self.busy_ms.get(t_ns // 1_000_000, 10) * 1_000_000)
        return super().read(t_ns, blocks, state, depth)


def test_late_ticks_and_missed_periods_are_counted_in_real_time(clips):
    clock, reports = VirtualClock(), []
    options = SessionOptions(Limits(depth=1), seconds=3.0)
    speaker = BusySpeaker(clock, {1000: 230, 2000: 650})
    session = make_session(clips, options, speaker, Observers(on_report=reports.append), clock)
    summary = run(session)
    assert [report.t_ns // 1_000_000 for report in reports if report.is_late] == [1000, 2000]
    assert (summary.ticks.late, summary.ticks.missed) == (2, 2)
    assert summary.ticks.count == 13
    assert reports[-1].t_ns == 2_800_000_000
    assert summary.ticks.p99_ms == pytest.approx(650, rel=0.02)


def test_a_late_tick_is_followed_by_the_newest_period_only(clips):
    clock, reports = VirtualClock(), []
    speaker = BusySpeaker(clock, {800: 1_030})
    options = SessionOptions(Limits(depth=1), seconds=3.0)
    run(make_session(clips, options, speaker, Observers(on_report=reports.append), clock))
    assert [report.t_ns // 1_000_000 for report in reports][4:6] == [800, 1800]
    assert reports[5].num_missed == 4


def test_in_real_time_the_newest_frame_wins_and_what_it_replaced_is_counted(clips):
    summary = run(make_session(clips, REAL, clock=VirtualClock()))
    for source in summary.sources:
        looked_at = source.frames_read + sum(source.skipped.values())
        assert source.frames_in == looked_at + source.passed + source.not_decoded + source.dropped == 60
        assert source.fps_in == pytest.approx(30, rel=0.05)
        assert source.behind_max_ms <= 34


class Recorder(RecurrentSpeaker):
    """Keeps the looker of the session, to see what it was given."""

    def perception(self, names):
        self.looker = MeanLooker(names)
        return self.looker


def test_sound_arrives_whole_in_order_and_before_its_tick(clips):
    speaker = Recorder()
    run(make_session(clips, FAST, speaker))
    reads = speaker.looker.reads
    chunks = [(inputs.t_ns, chunk) for inputs in reads for chunk in inputs.audio.get("view0", ())]
    assert all(chunk.t_ns < tick_ns for tick_ns, chunk in chunks)
    times = [chunk.t_ns for _, chunk in chunks]
    assert times == sorted(times)
    num_samples = sum(len(chunk.samples) for _, chunk in chunks)
    assert num_samples == pytest.approx(32_000, abs=3_200)
    for (_, one), (_, following) in itertools.pairwise(chunks):
        assert following.t_ns - one.t_ns == pytest.approx(len(one.samples) / 16_000 * 1e9, abs=2e6)


def test_a_frame_never_comes_before_its_tick(clips):
    speaker = Recorder()
    run(make_session(clips, FAST, speaker))
    for inputs in speaker.looker.reads:
        for frame in inputs.frames.values():
            assert inputs.t_ns - NS_PER_TICK < frame.t_ns <= inputs.t_ns


def test_text_is_read_by_the_next_tick_in_the_order_typed(clips):
    speaker = Recorder()

    def ask(report):
        if report.t_ns == 2 * NS_PER_TICK:
            session.text("what came in")
            session.text("and where")

    session = make_session(clips, FAST, speaker, Observers(on_report=ask))
    session.text("are you there")
    run(session)
    texts = {
        inputs.t_ns // NS_PER_TICK: [text.text for text in inputs.texts] for inputs in speaker.looker.reads
    }
    assert texts[0] == ["are you there"]
    assert texts[3] == ["what came in", "and where"]
    assert sum(map(len, texts.values())) == 3


@dataclass
class StuckSource:
    """A driver that never returns, until the test lets it."""

    release: threading.Event
    name: str = "stuck"

    def probe(self):
        return SourceInfo(has_video=True, has_audio=False, is_live=True)

    def run(self, feed, stop):
        self.release.wait()


def test_a_stuck_reader_does_not_hang_the_end(clips):
    release = threading.Event()
    options = SessionOptions(Limits(depth=1), seconds=0.5)
    sources = [FileSource(clips[1]), StuckSource(release)]
    summary = run(make_session([], options, sources=sources))
    assert "did not end" in {source.name: source.detail for source in summary.sources}["stuck"]
    release.set()
    next(thread for thread in threading.enumerate() if thread.name == "reader-stuck").join()


def test_a_live_source_cannot_be_played_fast(clips):
    sources = [FileSource(clips[1]), StuckSource(threading.Event())]
    with pytest.raises(ConfigError, match="stuck is live"):
        run(make_session([], FAST, sources=sources))


def test_a_session_can_be_watched_while_it_runs(clips):
    seen = []
    session = make_session(
        clips, observers=Observers(on_report=lambda _: seen.append(session.statistics()["view1"].frames_in))
    )
    run(session)
    assert seen == sorted(seen)
    assert seen[-1] == 60


def test_the_pictures_of_a_tick_are_told_before_its_report(clips):
    told = []
    observers = Observers(on_frames=lambda frames: told.append(set(frames)), on_report=told.append)
    run(make_session(clips, observers=observers))
    assert {"view0", "view1", "view2", "view3"} in told
    for frames, report in zip(told[::2], told[1::2], strict=True):
        assert set(report.frames_read) <= frames


def test_a_hushed_sentence_is_broken_off_and_the_model_knows(clips):
    ended, said = [], []

    class Hushed(RecurrentSpeaker):
        def end(self, state, depth):
            ended.append(list(state.pending))
            super().end(state, depth)

    def hear(delta):
        said.append(delta)
        if len(said) == 3:  # of four words, in the first tick of two
            session.hush()

    session = make_session(clips, FAST, Hushed(), Observers(on_delta=hear))
    summary = run(session)
    assert len(ended) == 1 and len(ended[0]) == 2
    assert [delta.is_end for delta in said[:4]] == [False, False, False, True]
    assert summary.sentences[0].text.split()[1:] == ["moved", "by"]
    assert all(len(sentence.text.split()) == 4 for sentence in summary.sentences[1:])


def test_to_hush_between_sentences_changes_nothing(clips):
    usual = run(make_session(clips, FAST)).sentences
    session = make_session(clips, FAST, observers=Observers(on_report=lambda report: session.hush()))
    quiet = run(session).sentences
    assert [s.text for s in quiet[:1]] != [
        s.text for s in usual[:1]
    ]  # those that span two ticks are broken off
    session = make_session(clips, FAST)
    session.hush()
    assert run(session).sentences == usual


def test_standing_instructions_are_listed_and_taken_back(clips):
    seen = []

    def watch(report):
        tick = report.t_ns // NS_PER_TICK
        if tick == 1:
            session.text("tell me when a car enters cam1")
        if tick == 3:
            seen.append(session.standing)
            seen.append(session.forget("tell me when a car enters cam1"))
            seen.append(session.forget("tell me when a van enters cam1"))
            seen.append(session.standing)

    session = make_session(clips, FAST, observers=Observers(on_report=watch))
    assert session.standing == ()
    run(session)
    assert seen == [("tell me when a car enters cam1",), True, False, ()]


def test_the_budget_may_be_changed_while_it_runs(clips):
    deadlines = []

    def watch(report):
        deadlines.append(report.plan.deadline_ns - report.t_ns)
        session.set_budget(50_000_000)

    session = make_session(clips, FAST, observers=Observers(on_report=watch))
    before = session.budget_ns
    run(session)
    assert deadlines[0] == before
    assert set(deadlines[1:]) == {50_000_000} == {session.budget_ns}
