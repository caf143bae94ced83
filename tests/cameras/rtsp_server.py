"""A real RTSP server for tests: GStreamer's, run by the system's Python, which has its bindings.

`/usr/bin/python3 rtsp_server.py CLIP PORT [sound] [USER:PASSWORD]` serves an H.264 file at `/cam` and prints its port.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

VIDEO = (
    "filesrc location={clip} ! qtdemux name=d"
    " d.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
)
SOUND = " d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97"


def main(clip: str, port: str, *options: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch("( " + VIDEO.format(clip=clip) + (SOUND if "sound" in options else "") + " )")
    factory.set_latency(0)
    server.get_mount_points().add_factory("/cam", factory)
    for option in options:
        if ":" in option:
            demand_password(server, factory, *option.split(":"))
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def demand_password(server, factory, user: str, password: str) -> None:
    auth, token = GstRtspServer.RTSPAuth.new(), GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    role = Gst.Structure.new_empty("viewer")
    role.set_value("media.factory.access", True)
    role.set_value("media.factory.construct", True)
    factory.add_role_from_structure(role)


main(*sys.argv[1:])
