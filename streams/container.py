"""Opens media files and says in one line what is wrong with those that cannot be played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition

from ..errors import SourceError
from .clock import NS_PER_S
from .source import SourceInfo
from .timeline import to_ns

# Containers whose header states the length, so that a file that ends early is known to be cut.
_TRUSTED_LENGTHS = ("mov", "matroska", "avi", "wav")
_NS_PER_AV_TIME = NS_PER_S // 1_000_000


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of a file that are played, chosen by `tracks_of`."""

    video: av.VideoStream | None
    audio: av.AudioStream | None


def open_media(path: Path, name: str) -> InputContainer:
    """Open a file for reading; the caller closes it.

    Raises SourceError if it is missing, a folder, empty, unreadable, or not a media file.
    """
    _check_path(path, name)
    try:
        # What is named inside a playlist or an index must not make us reach for the network.
        return av.open(str(path), container_options={"protocol_whitelist": "file"})
    except av.error.FFmpegError as error:
        raise SourceError(
            f"{name}: {path} is not a video or sound file that can be played, or it was cut before its index"
            f" ({error.strerror}); check the file, or copy it again"
        ) from error


def tracks_of(container: InputContainer, path: Path, name: str) -> Tracks:
    """The first video and the first audio track.

    Raises SourceError if there is neither, or a track cannot be decoded.
    """
    videos = [stream for stream in container.streams.video if not _is_cover(stream)]
    tracks = Tracks(next(iter(videos), None), next(iter(container.streams.audio), None))
    if container.format.name == "tty" or (tracks.video is None and tracks.audio is None):
        raise SourceError(f"{name}: {path} has no video track and no audio track; give a video or sound file")
    for stream in (tracks.video, tracks.audio):
        # A stream that FFmpeg knows but cannot decode has no context, whatever the type stubs say.
        if stream is not None and getattr(stream, "codec_context", None) is None:
            raise SourceError(
                f"{name}: {path} uses a codec for {stream.type} that cannot be decoded here;"
                f" convert it: ffmpeg -i {path.name} out.mp4"
            )
    _check_size(tracks.video, path, name)
    return tracks


def describe(container: InputContainer, tracks: Tracks) -> SourceInfo:
    """What a person and the plan want to know of an open file."""
    video, audio = tracks.video, tracks.audio
    rate = video.average_rate or video.guessed_rate if video is not None else None
    parts = [container.format.name.split(",")[0]]
    if video is not None:
        parts.append(f"{video.codec_context.name} {video.codec_context.width}x{video.codec_context.height}")
    if audio is not None:
        parts.append(f"{audio.codec_context.name} {audio.codec_context.sample_rate} Hz")
    return SourceInfo(
        has_video=video is not None,
        has_audio=audio is not None,
        width=video.codec_context.width if video is not None else 0,
        height=video.codec_context.height if video is not None else 0,
        fps=float(rate) if rate else 0.0,
        duration_ns=container.duration * _NS_PER_AV_TIME if container.duration else None,
        detail=", ".join(parts),
    )


def origin_ns(container: InputContainer, tracks: Tracks) -> int:
    """The earliest time stamp of the tracks, which becomes the zero of their source."""
    # The container's own start is rounded to microseconds, the tracks' are exact.
    starts_ns = [
        to_ns(stream.start_time, stream.time_base)
        for stream in (tracks.video, tracks.audio)
        if stream is not None and stream.start_time is not None and stream.time_base is not None
    ]
    return min(starts_ns, default=(container.start_time or 0) * _NS_PER_AV_TIME)


def stated_end_ns(container: InputContainer) -> int | None:
    """When the file should end by its own header, from its zero; None where that cannot be trusted."""
    is_trusted = any(part in container.format.name for part in _TRUSTED_LENGTHS)
    return container.duration * _NS_PER_AV_TIME if is_trusted and container.duration else None


def _check_path(path: Path, name: str) -> None:
    try:
        is_there = path.exists()
    except OSError as error:
        raise SourceError(f"{name}: {path} cannot be read ({error.strerror}); check the path") from error
    if not is_there:
        raise SourceError(f"{name}: there is no file {path}; check the path")
    if path.is_dir():
        raise SourceError(f"{name}: {path} is a folder; give a file in it")
    if not path.is_file():
        raise SourceError(f"{name}: {path} is not a regular file; give a video or sound file")
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise SourceError(
            f"{name}: {path} cannot be read ({error.strerror}); check its permissions"
        ) from error
    if is_empty:
        raise SourceError(f"{name}: {path} is empty (0 bytes); copy or record it again")


def _check_size(video: av.VideoStream | None, path: Path, name: str) -> None:
    if video is not None and (video.codec_context.width <= 0 or video.codec_context.height <= 0):
        size = f"{video.codec_context.width}x{video.codec_context.height}"
        raise SourceError(
            f"{name}: the frames of {path} are {size} pixels; the file is damaged, record it again"
        )


def _is_cover(stream: av.VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
