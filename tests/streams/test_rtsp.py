"""Network cameras: real ones, ones that misbehave, and decoder children that are stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from real_cameras import FPS, number_in

from millrace.errors import SourceError
from millrace.streams.child import ChildLost, DecoderChild
from millrace.streams.clock import NS_PER_MS, NS_PER_S, WallClock
from millrace.streams.media import EventKind
from millrace.streams.reader import Reader
from millrace.streams.rtsp import RtspSource
from millrace.streams.source import Feed
from millrace.streams.watchdog import Patience

HASTE = Patience(open_s=2.0, run_s=1.0)
LIMIT_S = 60.0  # far more than it needs: a hang is a failure, a busy machine is not


class Watched:
    """A source that runs, and all that came of it, with its arrival."""

    def __init__(self, source: RtspSource) -> None:
        self.feed = Feed(source.name, WallClock(), realtime=True)
        self.frames, self.chunks, self.events, self.arrived_ns = [], [], [], []
        self._news = threading.Condition()
        for channel in (self.feed.video_channel, self.feed.audio_channel, self.feed.event_channel):
            channel.on_put = self._take
        self.reader = Reader(source, self.feed)

    def _take(self) -> None:
        with self._news:
            for frame in self.feed.video_channel.drain():
                self.frames.append(frame)
                self.arrived_ns.append(self.feed.clock.now_ns())
            self.chunks += self.feed.audio_channel.drain()
            self.events += self.feed.event_channel.drain()
            self._news.notify_all()

    def __enter__(self) -> Watched:
        self.reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        began_ns = self.feed.clock.now_ns()
        assert self.reader.join(5.0)
        self.end_ns = self.feed.clock.now_ns() - began_ns
        assert children() == set(), "a child is left"

    def wait_for(self, wanted, limit_s: float = LIMIT_S) -> None:
        until_ns = self.feed.clock.now_ns() + limit_s * NS_PER_S
        with self._news:
            while not wanted(self):
                assert self.feed.clock.now_ns() < until_ns, [str(event) for event in self.events]
                self._news.wait(0.05)

    def wait_frames(self, num: int, limit_s: float = LIMIT_S) -> None:
        wanted = len(self.frames) + num
        self.wait_for(lambda _: len(self.frames) >= wanted, limit_s)

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


def children() -> set[int]:
    """The decoder children of this process, zombies among them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            line = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and (b"child_decoder" in line or not line):
            found.add(int(path.name))
    return found


def the_child() -> int:
    (pid,) = children()
    return pid


def test_pictures_come_in_order_at_the_times_they_were_taken_and_with_their_sound(real_camera) -> None:
    source = RtspSource(real_camera("sound").url, "door")
    info = source.probe()
    assert (info.width, info.height, info.has_audio, info.is_live, info.fps) == (800, 480, True, True, FPS)
    with Watched(source) as watched:
        watched.wait_frames(30)
    frames = watched.frames
    numbers = np.array([number_in(frame.pixels) for frame in frames])
    times = np.array([frame.t_ns for frame in frames])
    assert (np.diff(numbers) > 0).all() and (np.diff(times) > 0).all()
    assert frames[-1].pixels.shape == (96, 160, 3)
    assert frames[-1].native.max_zoom == 4.0
    assert number_in(frames[-1].native.crop(0, 0, 1)) == numbers[-1]
    # Half of them: while the stream begins, and on a busy machine, some come late.
    steps = np.diff(times) - np.diff(numbers) * NS_PER_S // FPS
    assert np.median(np.abs(steps)) < 10 * NS_PER_MS
    ages = np.array(watched.arrived_ns) - times
    assert (ages >= 0).all() and np.median(ages) < 500 * NS_PER_MS
    heard = np.concatenate([chunk.samples for chunk in watched.chunks])
    spectrum = np.abs(np.fft.rfft(heard[-8000:]))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=4)
    counts = watched.feed.statistics()
    assert counts.packets_damaged == 0 and counts.frames_in == counts.packets
    assert watched.end_ns < 2.5 * NS_PER_S  # sooner than any patience ends


def test_it_is_decoded_over_udp_where_that_is_asked_for(real_camera) -> None:
    with Watched(RtspSource(real_camera().url + "?transport=udp", "door")) as watched:
        watched.wait_frames(5)


def test_a_camera_that_was_off_is_back_within_five_seconds_and_each_is_told_once(real_camera) -> None:
    camera = real_camera()
    with Watched(RtspSource(camera.url, "door")) as watched:
        watched.wait_frames(3)
        opening_s = watched.feed.clock.now_ns() / NS_PER_S
        camera.kill()
        watched.wait_for(lambda w: EventKind.BROKEN in w.kinds())
        threading.Event().wait(2.5)  # several attempts
        camera.start()
        # The longest pause between two attempts, and an opening such as the first was.
        watched.wait_frames(3, limit_s=max(5.0, 2.0 + 3 * opening_s))
    assert watched.kinds() == [EventKind.BROKEN, EventKind.RESUMED]
    assert "rtsp://127.0.0.1" in watched.events[0].detail


def test_a_camera_that_freezes_is_told_as_silent_and_goes_on(real_camera) -> None:
    camera = real_camera()
    with Watched(RtspSource(camera.url, "door", patience=Patience(run_s=6.0))) as watched:
        watched.wait_frames(3)
        camera.signal(signal.SIGSTOP)
        watched.wait_for(lambda w: EventKind.SILENT in w.kinds())
        camera.signal(signal.SIGCONT)
        watched.wait_frames(2)
    assert watched.kinds() == [EventKind.SILENT, EventKind.RESUMED]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_a_child_that_dies_or_hangs_is_replaced(real_camera, number: signal.Signals) -> None:
    with Watched(RtspSource(real_camera().url, "door", patience=HASTE)) as watched:
        watched.wait_frames(2)
        pid = the_child()
        os.kill(pid, number)
        watched.wait_for(lambda w: EventKind.RESUMED in w.kinds())
        assert not Path(f"/proc/{pid}").exists()
    assert watched.kinds() == [EventKind.BROKEN, EventKind.RESUMED]
    expected = "hangs" if number == signal.SIGSTOP else f"crashed (signal {int(number)})"
    assert expected in watched.events[0].detail


def test_a_child_that_hangs_does_not_hold_up_the_end(real_camera) -> None:
    with Watched(RtspSource(real_camera().url, "door")) as watched:
        watched.wait_frames(1)
        os.kill(the_child(), signal.SIGSTOP)
    assert watched.end_ns < 2.5 * NS_PER_S  # sooner than any patience ends


@pytest.mark.parametrize(
    ("manner", "said"), [("mute", "does not answer"), ("noise", "door: "), ("babbles", "")]
)
def test_a_camera_that_misbehaves_is_left_and_found_again_when_it_is_good(
    crooked_camera, real_camera, manner: str, said: str
) -> None:
    crooked = crooked_camera(manner)
    with Watched(RtspSource(crooked.url, "door", patience=HASTE)) as watched:
        watched.wait_for(lambda w: EventKind.BROKEN in w.kinds())
        watched.wait_for(lambda w: crooked.num_calls > 1)
        crooked.close()
        real_camera(port=crooked.port)
        watched.wait_frames(2)
    assert [kind for kind in watched.kinds() if kind != EventKind.SILENT] == [
        EventKind.BROKEN,
        EventKind.RESUMED,
    ]
    assert said in next(event.detail for event in watched.events if event.kind is EventKind.BROKEN)


@pytest.mark.parametrize("request_", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
def test_a_camera_that_sends_callers_elsewhere_is_not_followed(crooked_camera, request_: str) -> None:
    inside = crooked_camera("mute")  # somewhere in the network, which nobody but a camera named
    outside = crooked_camera(request_, f"rtsp://127.0.0.1:{inside.port}/inside")
    with Watched(RtspSource(outside.url, "door", patience=HASTE)) as watched:
        watched.wait_for(lambda w: outside.num_calls > 2)
    assert inside.num_calls == 0
    assert EventKind.BROKEN in watched.kinds()
    if request_ in ("OPTIONS", "DESCRIBE"):  # later, FFmpeg knows no way on in any case
        detail = next(event.detail for event in watched.events if event.kind is EventKind.BROKEN)
        assert "sends callers on to another address" in detail


@pytest.mark.parametrize("manner", ["mute", "noise"])
def test_a_camera_that_misbehaves_is_refused_in_one_line(crooked_camera, manner: str) -> None:
    source = RtspSource(crooked_camera(manner).url, "door", patience=HASTE)
    with pytest.raises(SourceError) as caught:
        source.probe()
    assert str(caught.value).startswith(f"door: {source.address.url}: ")
    assert "\n" not in str(caught.value)
    assert children() == set()


def test_passwords_are_in_no_message_and_no_argument(real_camera, caplog) -> None:
    camera = real_camera("vi&er:s3cret-w0rd")
    host = f"127.0.0.1:{camera.port}/cam"
    with pytest.raises(SourceError) as caught:
        RtspSource(f"rtsp://vi&er:wrong-w0rd@{host}", "door").probe()
    assert f"rtsp://{host}: the camera wants a user name" in str(caught.value)
    with Watched(RtspSource(f"rtsp://vi&er:s3cret-w0rd@{host}", "door")) as watched:
        watched.wait_frames(1)
        about = [Path(f"/proc/{the_child()}/{name}").read_bytes() for name in ("cmdline", "environ")]
        camera.kill()
        watched.wait_for(lambda w: EventKind.BROKEN in w.kinds())
    said = [str(caught.value), *(event.detail for event in watched.events), *map(str, about), caplog.text]
    assert not [line for line in said if "w0rd" in line or "vi&er" in line]


def test_a_child_ends_when_its_parent_has_gone() -> None:
    child = DecoderChild()
    assert child.read(10_000) is not None  # it is ready
    child._process.stdin.close()
    with pytest.raises(ChildLost, match="code 0"):
        child.read(5_000)
    child.kill()


def test_a_child_needs_no_torch_and_is_quick_to_start() -> None:
    code = (
        "import sys, millrace.streams.child_decoder;"
        " print({'torch', 'numpy', 'cv2', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
