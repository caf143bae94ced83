"""A network camera by RTSP, decoded in a child process that is killed and started again when it hangs or breaks."""

from __future__ import annotations

import threading
from typing import Any

from ..errors import AwayError, SourceError
from .address import RtspAddress, parse_address
from .child import ChildLost, DecoderChild
from .child_intake import ChildIntake
from .clock import NS_PER_S, monotonic_ns
from .media import SAMPLE_RATE_HZ, VIEW_HEIGHT, VIEW_WIDTH
from .source import Feed, SourceInfo
from .watchdog import BackOff, Patience, Watchdog
from .wire import MAX_HEIGHT, MAX_WIDTH, Opened, Picture, Trouble, TroubleKind

MAX_LOOKS_HZ = 15  # as for files: three looks a tick keep the newest picture fresh
_WATCH_MS = 100
_PROBE_NS = 9 * NS_PER_S  # a session waits ten
_STALL_S = 0.5  # so much sooner than the watchdog FFmpeg itself gives up, and the child lives on
_CONNECT_S = 2.5

# A camera that is off, busy or cut off may be back at any time; all else somebody has to mend first.
_AWAY = (TroubleKind.UNREACHABLE, TroubleKind.STALLED, TroubleKind.ENDED)
_SENTENCES = {
    TroubleKind.UNREACHABLE: "nobody answers there; is the camera on, and the address right?",
    TroubleKind.REFUSED: "the camera wants a user name and a password; write rtsp://USER:PASSWORD@HOST/PATH",
    TroubleKind.MISSING: "the camera has no such stream; check the path behind the host",
    TroubleKind.STALLED: "the camera does not answer; is it busy, or behind a firewall?",
    TroubleKind.MOVED: "the camera sends callers on to another address, where nobody follows it; if you trust that one,"
    " give it instead",
    TroubleKind.GARBAGE: "what comes cannot be decoded; check the address, and choose H.264 in the camera",
    TroubleKind.ENDED: "the camera closed the stream",
    TroubleKind.FAILED: "the stream cannot be opened; check the address",
}


class RtspSource:
    """A camera at `rtsp://` or `rtsps://`, with its sound. It comes back by itself whenever the camera does.

    TCP unless `transport` is "udp". FFmpeg may use the protocols of RTSP only.
    """

    def __init__(
        self,
        url: str,
        name: str | None = None,
        transport: str | None = None,
        *,
        patience: Patience | None = None,
    ) -> None:
        """Raises SourceError for what is no address. Opens nothing."""
        self.address = parse_address(url, transport)
        self.name = name or self.address.host
        self._patience = patience or Patience()

    def probe(self) -> SourceInfo:
        """A look at the camera in a child of its own. Raises AwayError where it is not there now."""
        with DecoderChild() as child:
            try:
                child.order(self._order())
                until_ns = monotonic_ns() + _PROBE_NS
                while (left_ns := until_ns - monotonic_ns()) > 0:
                    message = child.read(int(left_ns // 1_000_000))
                    if isinstance(message, Opened):
                        return self._info(message)
                    if isinstance(message, Trouble):
                        kind = AwayError if message.kind in _AWAY else SourceError
                        raise kind(self._sentence(message))
            except ChildLost as error:
                raise AwayError(f"{self.name}: {self.address.shown}: {error}; try again") from error
        raise AwayError(self._sentence(Trouble(TroubleKind.STALLED)))

    def run(self, feed: Feed, stop: threading.Event) -> None:
        """Give what the camera gives until `stop`, through as many children as it takes."""
        line = _Line(self, feed, stop)
        try:
            while not stop.is_set():
                line.attempt()
        finally:
            line.close()

    def _order(self) -> dict[str, Any]:
        return {
            "url": self.address.url,
            "options": ffmpeg_options(self.address, self._read_s),
            "open_s": self._patience.open_s - _STALL_S,
            "read_s": self._read_s,
            "view": (VIEW_WIDTH, VIEW_HEIGHT),
            "native": (MAX_WIDTH, MAX_HEIGHT),
            "looks_hz": MAX_LOOKS_HZ,
            "rate_hz": SAMPLE_RATE_HZ,
        }

    @property
    def _read_s(self) -> float:
        return max(self._patience.run_s - _STALL_S, self._patience.run_s / 2)

    def _info(self, opened: Opened) -> SourceInfo:
        return SourceInfo(
            has_video=opened.has_video,
            has_audio=opened.has_audio,
            width=opened.width,
            height=opened.height,
            fps=opened.fps,
            detail=f"{self.address.shown} over {self.address.transport}: {opened.detail}",
            is_live=True,
        )

    def _sentence(self, trouble: Trouble) -> str:
        detail = f" ({self.address.mask(trouble.detail)})" if trouble.detail else ""
        return f"{self.name}: {self.address.shown}: {_SENTENCES[trouble.kind]}{detail}"


def ffmpeg_options(address: RtspAddress, read_s: float) -> dict[str, str]:
    """Low latency, bounded waiting, and no road to anything but the camera."""
    is_tls = address.url.startswith("rtsps:")
    protocols = ["tcp", *(["tls"] if is_tls else []), *(["udp", "rtp"] if address.transport == "udp" else [])]
    return {
        "rtsp_transport": address.transport,
        # Files, HTTP and playlists stay out of reach, whatever a camera names. `rtsp` itself is not needed for the first
        # address, and would let FFmpeg follow the camera (302) to any other.
        "protocol_whitelist": ",".join(protocols),
        "allowed_media_types": "video+audio",
        "timeout": str(round(min(read_s, _CONNECT_S) * 1e6)),  # of one answer, in microseconds
        # Sizes stand in the SDP or in the first key picture; the rate is not worth waiting for. Not `nobuffer`: it would
        # throw the first key picture away.
        "analyzeduration": "1000000",
        "fpsprobesize": "0",
        "max_delay": "200000",  # of packets out of order, UDP only
        "user_agent": "millrace",
    }


class _Line:
    """The line to one camera: attempts, each of which ends with a reason, and a child that outlives them if it can."""

    def __init__(self, source: RtspSource, feed: Feed, stop: threading.Event) -> None:
        self._source, self._feed, self._stop = source, feed, stop
        self._child: DecoderChild | None = None
        self._back_off = BackOff()
        self._intake = ChildIntake(feed)

    def attempt(self) -> None:
        """Open the camera, give what comes until it ends, tell why, and wait for the next turn."""
        self._back_off.start(monotonic_ns())
        try:
            reason = self._watch(self._ready_child())
        except ChildLost as error:
            reason = self._tell(str(error))
            self.close()
        if self._stop.is_set():
            return
        self._feed.interrupt(reason)
        self._wait_until(self._back_off.fail(monotonic_ns()))

    def close(self) -> None:
        """Kill the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _ready_child(self) -> DecoderChild:
        if self._child is None:
            self._child = DecoderChild()
        self._child.order(self._source._order())
        return self._child

    def _watch(self, child: DecoderChild) -> str:
        dog = Watchdog(self._source._patience, monotonic_ns(), is_ready=child.is_ready)
        is_open = has_picture = False
        while not self._stop.is_set():
            message = child.read(_WATCH_MS)
            if has_picture:  # opening may take longer than what counts as silence
                self._feed.check_silence()
            now_ns = monotonic_ns()
            if message is None:
                if dog.barks(now_ns):
                    raise ChildLost("the camera or its decoder hangs")
                continue
            if isinstance(message, Trouble):
                return self._source._sentence(message)
            is_open = is_open or isinstance(message, Opened)
            dog.hear(now_ns, is_open=is_open)
            self._intake.take(message)
            if isinstance(message, Picture):
                has_picture = True
                self._back_off.succeed()
                child.credit()
        return ""

    def _tell(self, what: str) -> str:
        return f"{self._source.name}: {self._source.address.shown}: {what}; it is opened again"

    def _wait_until(self, t_ns: int) -> None:
        while not self._stop.is_set() and (left_ns := t_ns - monotonic_ns()) > 0:
            self._stop.wait(left_ns / NS_PER_S)
