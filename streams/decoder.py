"""Decodes one video track and pays for change: what nobody needs is not decoded, or not converted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import av

from ..errors import SourceError
from .clock import NS_PER_MS, NS_PER_S
from .gate import Gate, Verdict
from .habit import PacketClass, novelty
from .ledger import Entry, PacketLedger
from .media import EventKind, VideoFrame
from .native import Cropper
from .rate import RateWatch
from .source import Feed
from .timeline import Timeline, to_ns
from .view import ViewMaker

# Ticks come five times a second; three looks a tick keep the newest picture fresh.
MAX_LOOKS_HZ = 15
_LOOK_STEP_NS = NS_PER_S // MAX_LOOKS_HZ - NS_PER_MS  # a little less, for stamps that are rounded
# Without unreferenced pictures the others may come this far apart; if further, all are decoded.
_MAX_GAP_NS = 100 * NS_PER_MS
_MAX_HELD_BYTES = 64 * 1024 * 1024
_MAX_DAMAGED_IN_A_ROW = 100


class DecodeMode(StrEnum):
    """How much of a file is decoded."""

    AUTO = "auto"  # sparse in real time, all in fast mode
    ALL = "all"  # every frame, converted and given
    SPARSE = "sparse"  # as much as changes


class VideoDecoder:
    """Packets of one video track in, frames with views out, in order of time.

    Sparse decoding leaves out unreferenced pictures, converts at most `MAX_LOOKS_HZ`, and puts a still camera
    to sleep: then only key pictures are decoded, and the packets since the last one are held. On waking they
    are decoded first, so that every frame given is exact.
    """

    def __init__(
        self, stream: av.VideoStream, timeline: Timeline, feed: Feed, *, is_sparse: bool, step_ns: int
    ) -> None:
        self._context = stream.codec_context
        self._time_base = stream.time_base
        self._timeline = timeline
        self._feed = feed
        self._is_sparse = is_sparse
        self._step_ns = step_ns
        self._gate = Gate(may_sleep=is_sparse)
        self._ledger = PacketLedger()
        self._views = ViewMaker()
        self._cropper = Cropper()
        self._rate = RateWatch()
        self._held: list[av.Packet[Any]] = []
        self._held_bytes = 0
        self._needs_key = False
        self._size: tuple[int, int] | None = None
        self._max_pts: int | None = None
        self._num_frames = 0
        self._num_packets = 0
        self._num_damaged_in_a_row = 0
        self._next_look_ns = feed.start_ns - NS_PER_S
        self._last_frame_ns: int | None = None  # None where a gap before the next frame is our own doing
        self.promised_ns = feed.start_ns - NS_PER_S  # no frame at or before this will come
        self._context.thread_count = 1
        if is_sparse:
            self._context.skip_frame = "NONREF"

    def decode(self, packet: av.Packet[Any]) -> Iterator[VideoFrame]:
        """Take the next packet of the track; yields the frames that came out and are wanted."""
        self._feed.count(packets=1)
        t_ns = self._timeline.advance(self._stamp_ns(packet.dts if packet.dts is not None else packet.pts))
        packet_class = self._classify(packet)
        verdict = self._gate.judge(packet_class, packet.size, t_ns)
        self._note_rate(t_ns)
        self._enter(packet, t_ns)
        if self._needs_key:
            if packet_class is not PacketClass.KEY:
                self._promise(t_ns)
                return
            self._resume_at(packet)
        if verdict is Verdict.DECODE:
            yield from self._frames([packet])
        elif verdict is Verdict.LOOK:
            yield from self._look(packet, t_ns)
        elif verdict is Verdict.HOLD:
            self._hold(packet, packet_class)
            self._promise(t_ns)
        else:
            self._hold(packet, packet_class)
            yield from self._wake()

    def finish(self) -> Iterator[VideoFrame]:
        """The frames that the decoder still holds at the end of the track."""
        if not self._gate.is_asleep:
            yield from self._frames([None])
        self._feed.count(packets_skipped=self._ledger.abandon())

    def skip_to_key(self) -> None:
        """Too late to decode everything: leave out packets until the next key picture."""
        self._needs_key = True
        self._gate.is_asleep = False
        self._drop_held()

    def _look(self, packet: av.Packet[Any], t_ns: int) -> Iterator[VideoFrame]:
        # Frames that the decoder delays come first; then it is emptied, because packets will be missing.
        yield from self._frames([None])
        self._context.flush_buffers()
        self._drop_held()
        self._hold(packet, PacketClass.KEY)
        self._next_look_ns = t_ns
        yield from self._frames([packet, None])
        self._context.flush_buffers()
        self._promise(t_ns)
        if not self._gate.is_asleep:
            yield from self._wake()

    def _wake(self) -> Iterator[VideoFrame]:
        held = self._held
        self._drop_held()
        self._last_frame_ns = None
        if not held:
            self._needs_key = True
            return
        yield from self._frames(held)

    def _hold(self, packet: av.Packet[Any], packet_class: PacketClass) -> None:
        if packet_class is PacketClass.KEY:
            self._drop_held()
        elif not self._held:
            return
        self._held.append(packet)
        self._held_bytes += packet.size
        if self._held_bytes > _MAX_HELD_BYTES:
            self._drop_held()
            self._feed.count(packets_skipped=self._ledger.abandon())

    def _drop_held(self) -> None:
        self._held = []
        self._held_bytes = 0

    def _resume_at(self, key: av.Packet[Any]) -> None:
        self._needs_key = False
        self._last_frame_ns = None
        self._context.flush_buffers()
        if key.pts is not None:
            # Pictures shown before the key picture may lean on some that were left out.
            self._promise(self._timeline.at(self._stamp_ns(key.pts) or 0) - 1)

    def _frames(self, packets: Sequence[av.Packet[Any] | None]) -> Iterator[VideoFrame]:
        for packet in packets:
            for decoded in self._decoded(packet):
                frame = self._give(decoded)
                if frame is not None:
                    yield frame

    def _decoded(self, packet: av.Packet[Any] | None) -> Sequence[av.VideoFrame]:
        try:
            frames = self._context.decode(packet)
        except av.error.EOFError:
            return ()  # already emptied
        except av.error.FFmpegError as error:
            self._feed.count(packets_damaged=1)
            self._num_damaged_in_a_row += 1
            if self._num_damaged_in_a_row > _MAX_DAMAGED_IN_A_ROW:
                raise SourceError(
                    f"{self._feed.name}: {_MAX_DAMAGED_IN_A_ROW} packets in a row cannot be decoded"
                    f" ({error.strerror}); the file is damaged, copy or record it again"
                ) from error
            return ()
        self._num_damaged_in_a_row = 0
        return frames

    def _give(self, decoded: av.VideoFrame) -> VideoFrame | None:
        entry = self._settle(decoded)
        t_ns = self._time_of(decoded) if entry.t_ns is None else entry.t_ns
        self._note_size(decoded, t_ns)
        index = self._num_frames
        self._num_frames += 1
        is_wanted = t_ns > self.promised_ns and (not self._is_sparse or t_ns >= self._next_look_ns)
        self._note_gap(t_ns, entry.num_skipped)
        self._promise(t_ns)
        if not is_wanted:
            self._feed.count(passed=1)
            return None
        pixels = self._views.view(decoded)
        if t_ns >= self._next_look_ns:
            self._gate.see(pixels, t_ns)
            self._next_look_ns = t_ns + _LOOK_STEP_NS
        change = 1.0 if index == 0 else entry.novelty
        return VideoFrame(self._feed.name, t_ns, pixels, change, index, self._cropper.native(decoded))

    def _settle(self, decoded: av.VideoFrame) -> Entry:
        # Raw streams carry no stamps: there the n-th frame is taken for that of the n-th packet.
        entry = self._ledger.settle(decoded.pts if decoded.pts is not None else self._num_frames)
        self._feed.count(packets_skipped=entry.num_skipped)
        return entry

    def _time_of(self, decoded: av.VideoFrame) -> int:
        stamp_ns = self._stamp_ns(decoded.pts)
        return self.promised_ns + self._step_ns if stamp_ns is None else self._timeline.at(stamp_ns)

    def _enter(self, packet: av.Packet[Any], t_ns: int) -> None:
        if packet.pts is not None:
            shown_ns = self._timeline.at(self._stamp_ns(packet.pts) or 0)
            self._ledger.enter(packet.pts, shown_ns, novelty(self._gate.surprise))
        else:
            self._ledger.enter(self._num_packets, t_ns, novelty(self._gate.surprise))
        self._num_packets += 1

    def _note_size(self, decoded: av.VideoFrame, t_ns: int) -> None:
        size = (decoded.width, decoded.height)
        if self._size is not None and size != self._size:
            old, new = (f"{width}x{height}" for width, height in (self._size, size))
            self._feed.event(EventKind.RESIZED, f"{self._feed.name}: from {old} to {new}", t_ns)
        self._size = size

    def _note_rate(self, t_ns: int) -> None:
        change = self._rate.next(t_ns)
        if change is not None:
            old, new = change
            detail = f"{self._feed.name}: from {old:.3g} to {new:.3g} frames a second"
            self._feed.event(EventKind.RATE_CHANGED, detail, t_ns)

    def _note_gap(self, t_ns: int, num_skipped: int) -> None:
        last_ns = self._last_frame_ns
        if self._is_sparse and num_skipped and last_ns is not None and t_ns - last_ns > _MAX_GAP_NS:
            self._context.skip_frame = "DEFAULT"
        self._last_frame_ns = t_ns

    def _classify(self, packet: av.Packet[Any]) -> PacketClass:
        if packet.is_keyframe:
            self._max_pts = packet.pts
            return PacketClass.KEY
        if packet.pts is not None and self._max_pts is not None and packet.pts < self._max_pts:
            return PacketClass.BETWEEN
        self._max_pts = packet.pts
        return PacketClass.FORWARD

    def _promise(self, t_ns: int) -> None:
        self.promised_ns = max(self.promised_ns, t_ns)

    def _stamp_ns(self, stamp: int | None) -> int | None:
        return None if stamp is None or self._time_base is None else to_ns(stamp, self._time_base)
