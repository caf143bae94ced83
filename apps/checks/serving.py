"""What `agent serve` stands on: its libraries, RTSP, and a browser to look at it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...streams.clock import NS_PER_MS, perf_ns
from .finding import Finding, apt, is_installed, missing, note, ok, pip

# What is imported, and what pip calls it.
LIBRARIES = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "websockets": "websockets",
    "aiortc": "aiortc",
    "onnxruntime": "onnxruntime",
    "silero_vad": "silero-vad",
    "prometheus_client": "prometheus-client",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "firefox", "firefox-esr")
APPLICATIONS = (  # macOS
    Path("/Applications/Google Chrome.app"),
    Path("/Applications/Safari.app"),
    Path("/Applications/Firefox.app"),
)
_START_MS = 10_000
_GUARDED = (62, 12)  # libavformat: from here on, RTSP honours the list of what may be opened


def check_doors() -> Finding:
    lacking = [wheel for module, wheel in LIBRARIES.items() if not is_installed(module)]
    if lacking:
        return note(
            "doors", f"`agent serve` cannot start without {', '.join(lacking)}", pip(" ".join(lacking))
        )
    return ok("doors", ", ".join(LIBRARIES.values()))


def check_rtsp() -> Finding:
    """FFmpeg's demuxer is there, and a decoder process of ours starts and answers."""
    if not is_installed("av"):
        return missing("RTSP", "needs PyAV", pip("av"))
    import av

    if av.library_versions.get("libavformat", ()) < _GUARDED:
        detail = "this FFmpeg goes wherever a camera sends it on to; a newer one does not"
        return note("RTSP", detail, pip("--upgrade --only-binary av 'av>=18.1'"))
    if "rtsp" not in av.formats_available:
        return note("RTSP", "this PyAV cannot read it", pip("--force-reinstall --only-binary av av"))
    from ...streams.child import ChildLost, DecoderChild

    began_ns = perf_ns()
    try:
        with DecoderChild() as child:
            answer = child.read(_START_MS)
    except (ChildLost, OSError) as error:
        return note("RTSP", f"the process that decodes a camera does not start: {error}", "ulimit -a")
    if answer is None:
        return note("RTSP", "the process that decodes a camera does not answer", "ps aux --sort=-%cpu | head")
    took_ms = (perf_ns() - began_ns) // NS_PER_MS
    return ok("RTSP", f"FFmpeg reads it; a decoder process starts in {took_ms} ms")


def check_browser() -> Finding:
    found = [path for browser in BROWSERS if (path := shutil.which(browser))]
    found += [str(path) for path in APPLICATIONS if path.exists()]
    if found:
        return ok("browser", f"{found[0]} opens the page of `agent serve`")
    return note(
        "browser",
        "none on this machine; the page of `agent serve` needs one here, or one elsewhere and HTTPS",
        apt("chromium"),
    )
