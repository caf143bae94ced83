"""One opened camera in a decoder child: its packets in, pictures and sound out."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import partial
from typing import Any

import av
from av.container import InputContainer
from av.video.reformatter import Interpolation, VideoReformatter

from .child_outbox import Outbox
from .clock import NS_PER_MS, NS_PER_S, monotonic_ns, wall_ns
from .sender_clock import SenderClock, TrackTimes
from .wire import Beat, Opened, Picture, Sound, Trouble, TroubleKind, plain

_MAX_BLIND_NS = 12 * NS_PER_S  # packets without a picture: key pictures may be ten seconds apart
_MAX_DAMAGED_IN_A_ROW = 100
_BEAT_NS = 500 * NS_PER_MS
_MAX_STAMPS = 256  # packets that the decoder may hold
_MAX_PIXELS = 8192 * 8192 // 2
_NS_PER_US = 1_000
_UNIT_TYPE = {
    "h264": (0, 31),
    "hevc": (1, 63),
}  # where the type of a unit stands in its first byte: shift, mask
_PARAMETERS = {"h264": range(6, 16), "hevc": range(32, 41)}  # SEI, parameter sets, delimiters, ends
_PRODUCER_TIME = struct.Struct("=q")  # microseconds since 1970: the first field of AVProducerReferenceTime


class Show:
    """Decodes until the camera stops. Every packet is decoded; a picture is scaled when it is sent."""

    def __init__(self, container: InputContainer, order: Mapping[str, Any], outbox: Outbox) -> None:
        self._container, self._outbox = container, outbox
        self._video = next(iter(container.streams.video), None)
        self._audio = next(iter(container.streams.audio), None)
        sender = SenderClock()
        self._times = {"video": TrackTimes(sender), "audio": TrackTimes(sender)}
        self._stamps: dict[int, int] = {}  # of packets in the decoder: pts -> time of capture
        self._look_step_ns = (
            NS_PER_S // order["looks_hz"] - 5 * NS_PER_MS
        )  # a little less: cameras are not exact
        self._next_look_ns = 0
        self._painter = Painter(order["view"], order["native"])
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=order["rate_hz"])
        self._num_damaged = 0

    def run(self) -> Trouble:
        """Until the end of the stream; FFmpeg's errors pass through."""
        tracks = [track for track in (self._video, self._audio) if track is not None and _can_decode(track)]
        if not tracks:
            return Trouble(TroubleKind.GARBAGE, "no picture and no sound that can be decoded")
        for track in tracks:
            track.codec_context.thread_count = 1
        if self._video is not None:
            self._video.codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
        self._outbox.put(self._opened())
        seen_ns = monotonic_ns()
        for packet in self._container.demux(tracks):
            now_ns = monotonic_ns()
            if packet.size and self._take(packet, now_ns):
                seen_ns = now_ns
            if self._num_damaged > _MAX_DAMAGED_IN_A_ROW or now_ns - seen_ns > _MAX_BLIND_NS:
                return Trouble(TroubleKind.GARBAGE, "packets that cannot be decoded")
            if now_ns - self._outbox.sent_ns > _BEAT_NS:
                self._outbox.put(Beat())
        return Trouble(TroubleKind.ENDED)

    def _opened(self) -> Opened:
        video, audio = self._video, self._audio
        codecs = [track.codec_context.name for track in (video, audio) if track is not None]
        rate = video.average_rate or video.guessed_rate if video is not None else None
        return Opened(
            has_video=video is not None,
            has_audio=audio is not None,
            width=video.codec_context.width if video is not None else 0,
            height=video.codec_context.height if video is not None else 0,
            fps=float(rate) if rate else 0.0,
            detail=plain(", ".join(codecs)),
        )

    def _take(self, packet: av.Packet[Any], now_ns: int) -> bool:
        """Whether something came out."""
        kind = packet.stream.type
        stamp_ns = None
        if packet.pts is not None and packet.time_base is not None:
            stamp_ns = int(packet.pts * packet.time_base * NS_PER_S)
        t_ns = self._times[kind].captured_ns(_sender_ns(packet), stamp_ns, now_ns, wall_ns())
        try:
            frames = packet.decode()
        except (av.error.InvalidDataError, ValueError):
            self._note_damage(packet)
            return False
        if kind == "video":
            self._outbox.count("packets")
        if frames:
            self._num_damaged = 0
        if kind == "audio":
            self._hear(frames, t_ns)
        else:
            self._see(packet, frames, t_ns)
        return bool(frames) and (kind == "video" or self._video is None)

    def _note_damage(self, packet: av.Packet[Any]) -> None:
        codec = packet.stream.codec_context.name
        # Parameters that come in a packet of their own have no picture, and are no damage.
        if packet.stream.type == "video" and (codec not in _PARAMETERS or has_picture(bytes(packet), codec)):
            self._outbox.count("packets")
            self._outbox.count("damaged")
            self._num_damaged += 1

    def _hear(self, frames: list[Any], t_ns: int) -> None:
        for frame in frames:
            num_channels = frame.layout.nb_channels
            try:
                resampled = self._resampler.resample(frame)
            except (ValueError, av.error.FFmpegError):  # the format has changed in mid-stream
                self._resampler = av.AudioResampler("flt", "mono", self._resampler.rate)
                resampled = self._resampler.resample(frame)
            for part in resampled:
                samples = memoryview(part.planes[0]).cast("B")[: 4 * part.samples]
                self._outbox.sound(Sound(t_ns, num_channels, memoryview(bytes(samples))))

    def _see(self, packet: av.Packet[Any], frames: list[Any], t_ns: int) -> None:
        if packet.pts is not None:
            self._stamps[packet.pts] = t_ns
            if len(self._stamps) > _MAX_STAMPS:
                del self._stamps[next(iter(self._stamps))]
        for frame in frames:
            captured_ns = self._stamps.get(frame.pts, t_ns)
            if frame.is_corrupt or captured_ns < self._next_look_ns:
                self._outbox.count("damaged" if frame.is_corrupt else "passed")
                continue
            self._next_look_ns = captured_ns + self._look_step_ns
            self._outbox.picture(partial(self._painter.paint, frame, captured_ns))


def has_picture(packet: bytes, codec: str) -> bool:
    """Whether a packet of H.264 or H.265 (Annex B) holds more than parameters."""
    units = packet.split(b"\x00\x00\x01")[1:]
    shift, mask = _UNIT_TYPE[codec]
    return any(unit and (unit[0] >> shift) & mask not in _PARAMETERS[codec] for unit in units) or not units


class Painter:
    """Scales decoded pictures; one instance a stream keeps the scaler's tables. Used by the outbox' thread."""

    def __init__(self, view: list[int], native: list[int]) -> None:
        self._view, self._native = (view[0], view[1]), native
        self._scalers = (VideoReformatter(), VideoReformatter())

    def paint(self, frame: av.VideoFrame, t_ns: int, counts: Mapping[str, int]) -> Picture:
        """The message of a picture, as a view and at most in the native size."""
        size = (min(frame.width, self._native[0]), min(frame.height, self._native[1]))
        data = [
            _scaled(scaler, frame, form)
            for scaler, form in zip(self._scalers, (self._view, size), strict=True)
        ]
        numbers = (counts["passed"], counts["replaced"], counts["packets"], counts["damaged"])
        return Picture(t_ns, self._view, size, *numbers, memoryview(b"".join(data)))


def _scaled(scaler: VideoReformatter, frame: av.VideoFrame, size: tuple[int, int]) -> bytes:
    width, height = size
    small = scaler.reformat(
        frame, width=width, height=height, format="rgb24", interpolation=Interpolation.AREA, threads=1
    )
    plane = small.planes[0]
    rows, step, used = memoryview(plane).cast("B"), plane.line_size, 3 * width
    if step == used:
        return bytes(rows[: used * height])
    return b"".join(rows[y * step : y * step + used] for y in range(height))


def _sender_ns(packet: av.Packet[Any]) -> int | None:
    """When the sender captured it, by its wall clock, as far as its sender reports tell."""
    if not packet.has_sidedata("prft"):
        return None
    return int(_PRODUCER_TIME.unpack_from(bytes(packet.get_sidedata("prft")))[0]) * _NS_PER_US


def _can_decode(track: Any) -> bool:
    # A stream that FFmpeg knows but cannot decode has no context, whatever the type stubs say.
    return getattr(track, "codec_context", None) is not None
