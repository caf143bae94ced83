"""Fixtures: network cameras that are real (GStreamer's RTSP server), and one that misbehaves as it is told."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest

SERVER = Path(__file__).with_name("rtsp_server.py")
PYTHON = "/usr/bin/python3"  # the one that Debian's bindings belong to
PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
FPS, NUM_BITS = 25, 9
_TRIAL = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


@lru_cache
def why_not() -> str:
    """Empty where the server can run."""
    try:
        subprocess.run([PYTHON, "-c", _TRIAL], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return f"no RTSP server here: apt-get install --no-install-recommends {PACKAGES}"
    return ""


def numbered(index: int, width: int = 800, height: int = 480) -> np.ndarray:
    """A grey picture, planes of YUV 4:2:0, whose bands say its number."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    picture = planes[:height]
    picture[:] = 40
    for bit in range(NUM_BITS):
        if index >> bit & 1:
            picture[:, bit * width // NUM_BITS : (bit + 1) * width // NUM_BITS] = 220
    return planes


def number_in(pixels: np.ndarray) -> int:
    """The number that a picture of `numbered` says, of any size."""
    height, width = pixels.shape[:2]
    columns = [(2 * bit + 1) * width // (2 * NUM_BITS) for bit in range(NUM_BITS)]
    return sum(int(pixels[height // 2, column, 0] > 128) << bit for bit, column in enumerate(columns))


@pytest.fixture(scope="session")
def numbered_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of numbered pictures with a tone."""
    path = tmp_path_factory.mktemp("camera") / "numbered.mp4"
    rate_hz, num_frames = 16_000, 12 * FPS
    # One slice a picture: GStreamer sends the parameters before each slice, which FFmpeg takes for pictures of their own.
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(FPS), "x264-params": "sliced-threads=0"}
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = 800, 480, "yuv420p"
        audio = container.add_stream("aac", rate=rate_hz, layout="mono")
        for index in range(num_frames):
            frame = av.VideoFrame.from_ndarray(numbered(index), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        times = np.arange(num_frames * rate_hz // FPS, dtype=np.float32) / rate_hz
        tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]
        sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        sound.sample_rate = rate_hz
        container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return path


@dataclass
class RealCamera:
    """GStreamer's server as a process; it begins with the first picture for each who connects."""

    clip: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [PYTHON, str(SERVER), str(self.clip), str(self.port), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"


@pytest.fixture
def real_camera(request: pytest.FixtureRequest) -> Iterator[Callable[..., RealCamera]]:
    """Starts cameras: `real_camera("sound", "user:password", port=...)`."""
    if why_not():
        pytest.skip(why_not())
    clip = request.getfixturevalue("numbered_clip")
    cameras: list[RealCamera] = []

    def start(*options: str, port: int = 0) -> RealCamera:
        cameras.append(RealCamera(clip, options, port))
        cameras[-1].start()
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.kill()


SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:s\r\n"
)


@dataclass
class CrookedCamera:
    """Listens like a camera and then is `mute`, sends `noise`, or `babbles`: good manners, and packets of garbage.

    With the name of a request for a manner (`DESCRIBE`) it answers that one by sending the caller on to `elsewhere`.
    """

    manner: str
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    port: int = 0
    num_calls: int = 0
    elsewhere: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        self.port = self.listener.getsockname()[1]
        self.listener.settimeout(0.05)
        self._spawn(self._accept)

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.listener.close()

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                connection, _ = self.listener.accept()
                self.num_calls += 1
                connection.settimeout(0.05)
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            if self.manner not in ("mute", "noise"):
                self._be_polite(connection)
            while not self._stop.wait(0.02):
                if self.manner in ("noise", "babbles"):
                    noise = os.urandom(400)
                    connection.sendall(self._packet(noise) if self.manner == "babbles" else noise)

    def _packet(self, noise: bytes) -> bytes:
        # RTP of payload type 96, a single slice of H.264 full of noise, on channel 0 of the RTSP connection.
        self._number = getattr(self, "_number", 0) + 1
        head = b"\x80\xe0" + self._number.to_bytes(2, "big") + (3600 * self._number).to_bytes(4, "big")
        body = head + b"\x00\x00\x00\x07" + b"\x65" + noise
        return b"$\x00" + len(body).to_bytes(2, "big") + body

    def _be_polite(self, connection: socket.socket) -> None:
        asked, is_playing = b"", False
        while not is_playing and not self._stop.is_set():
            with suppress(TimeoutError):
                asked += connection.recv(4096)
            while b"\r\n\r\n" in asked:
                request, _, asked = asked.partition(b"\r\n\r\n")
                connection.sendall(self._answer(request))
                is_playing = request.startswith(b"PLAY")

    def _answer(self, request: bytes) -> bytes:
        number = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"cseq"))
        lines = [b"RTSP/1.0 200 OK", number, b"Session: 1"]
        body = b""
        if request.startswith(self.manner.encode()):
            lines[0] = b"RTSP/1.0 302 Moved Temporarily"
            lines.append(f"Location: {self.elsewhere}".encode())
        elif request.startswith(b"OPTIONS"):
            lines.append(b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif request.startswith(b"DESCRIBE"):
            body = SDP
            lines += [b"Content-Type: application/sdp", b"Content-Length: %d" % len(body)]
        elif request.startswith(b"SETUP"):
            lines.append(b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.fixture
def crooked_camera() -> Iterator[Callable[[str], CrookedCamera]]:
    """`crooked_camera("mute")`, and so on; closed at the end."""
    cameras: list[CrookedCamera] = []

    def start(manner: str, elsewhere: str = "") -> CrookedCamera:
        cameras.append(CrookedCamera(manner, elsewhere=elsewhere))
        cameras[-1].start()
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.close()
