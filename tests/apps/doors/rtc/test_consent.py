"""Who answers no question whether it is still there: a sender stays as long as it sends, a viewer does not."""

from aioice.ice import CONSENT_FAILURES
from rtc_peers import Client, StillTrack

from millrace.apps.doors.rtc.limits import RtcLimits

LIMITS = RtcLimits(consent_s=0.1, vanish_s=60.0, addresses=("127.0.0.1",))


def be_deaf(client):
    """Take requests and answer none, as FFmpeg's client does; returns those that came."""
    ignored = []
    ice = client.pc.getTransceivers()[0].receiver.transport.transport
    ice._connection.request_received = lambda *request: ignored.append(request)
    return ignored


def test_a_deaf_sender_goes_on_and_a_deaf_viewer_is_sent_nothing_more(stage):
    async def play():
        sender = await Client(stage.port).send("deaf", StillTrack(shade=90))
        viewer = Client(stage.port)
        track = await viewer.watch()
        await stage.until(lambda: stage.frames["deaf"], 60)
        await track.recv()
        asked, _ = be_deaf(sender), be_deaf(viewer)
        await stage.until(lambda: len(stage.door.sessions) == 1 and len(asked) > CONSENT_FAILURES + 1, 60)
        num_before = len(stage.frames["deaf"])
        await stage.until(lambda: len(stage.frames["deaf"]) > num_before + 10, 60)
        (left,) = stage.door.sessions.values()
        status = await sender.delete()
        await viewer.pc.close()
        return left.role, status

    assert stage.run(play(), 150) == ("sender", 200)
