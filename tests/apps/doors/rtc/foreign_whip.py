"""WHIP clients that are not ours: Debian's `whip-client` (of simple-whip-client), a GStreamer, and FFmpeg's muxer."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from aioice.ice import get_host_addresses

PROGRAM = "whip-client"
# It flips from black to white after 50 frames, every two seconds; it ticks every second. Both begin at once.
FLIPPING = (
    "videotestsrc is-live=true pattern=ball flip=true ! video/x-raw,width=320,height=180,framerate=25/1 "
    "! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=25 ! rtpvp8pay pt=96 ssrc=2 ! queue "
    "! application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
TICKING = (
    "audiotestsrc is-live=true wave=ticks freq=1000 volume=0.8 samplesperbuffer=441 ! audioconvert ! audioresample "
    "! opusenc ! rtpopuspay pt=100 ssrc=1 ! queue ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
)
# Debian 12's program is linked against libsoup 2 and its libnice, by way of UPnP, against libsoup 3: together they abort.
# Nobody asks a router for ports here, so the library between them gives way to one that knows no router.
_NO_ROUTER = """
void *gupnp_simple_igd_thread_new(void) { return 0; }
unsigned long gupnp_simple_igd_get_type(void) { return 0; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
"""


def whip_environment(folder):
    """The environment in which the program starts; skips the test where it cannot."""
    if shutil.which(PROGRAM) is None:
        pytest.skip("whip-client is not here: apt-get install simple-whip-client")
    if not get_host_addresses(use_ipv4=True, use_ipv6=True):
        pytest.skip("whip-client offers no loopback addresses, and this machine has no others")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip(
            "whip-client of Debian 12 needs a library that keeps two libsoups apart, and there is no cc"
        )
    library = folder / "libgupnp-igd-1.0.so.4"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=_NO_ROUTER, text=True, check=True
    )
    return {**os.environ, "LD_LIBRARY_PATH": str(folder), "GST_REGISTRY": str(folder / "registry.bin")}


@asynccontextmanager
async def whip_client(url, environment, *options):
    """The program, sending; what it says goes into a list of lines. Ctrl-C at the end lets it DELETE its session."""
    command = [PROGRAM, "-u", url, "-V", FLIPPING, "-A", TICKING, "-o", *options]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = []

    async def hear():
        async for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip())

    hearing = asyncio.create_task(hear())
    try:
        yield lines
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), 30)
        finally:
            if process.returncode is None:
                process.kill()
            await hearing


def ffmpeg_can_whip():
    """Whether the FFmpeg inside PyAV knows WHIP; it does from 8.0 on."""
    return "whip" in av.formats_available


@asynccontextmanager
async def ffmpeg_whip(url, **options):
    """FFmpeg's own WHIP client in a process: a picture that brightens and a tone of 1 kHz, until it is left."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import ffmpeg_whip; ffmpeg_whip.main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", code, url, json.dumps(options), stdin=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 30)
        finally:
            if process.returncode is None:
                process.kill()
