"""What the child changes inside aiortc is still where it was, and its parts do what they say."""

import json
import subprocess
import sys
from types import SimpleNamespace

from aiortc import RTCPeerConnection
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from millrace.apps.doors.rtc.inside import PromptJitterBuffer
from millrace.apps.doors.rtc.tap import Backlog, Errors, is_key_picture


def test_the_child_imports_neither_torch_nor_the_model():
    code = (
        "import json, sys, millrace.apps.doors.rtc.child; "
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] in ('torch', 'cv2', 'fastapi') "
        "or name.startswith(('millrace.generation', 'millrace.runtime', 'millrace.perception'))]))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_parent_needs_no_aiortc():
    code = "import sys, millrace.apps.doors.rtc.host; print('aiortc' in sys.modules or 'av' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_pictures_are_given_out_at_their_last_packet():
    def packet(number, timestamp, marker=0):
        made = RtpPacket(sequence_number=number, timestamp=timestamp, marker=marker)
        made._data = bytes([number])
        return made

    ours, theirs = (make(capacity=16, is_video=True) for make in (PromptJitterBuffer, JitterBuffer))
    packets = [packet(1, 100), packet(2, 100, 1), packet(4, 200, 1), packet(3, 200), packet(5, 300, 1)]
    assert [(f := ours.add(p)[1]) and f.data for p in packets] == [None, b"\1\2", None, b"\3\4", b"\5"]
    assert [(f := theirs.add(p)[1]) and f.data for p in packets] == [None, None, None, b"\1\2", b"\3\4"]


def test_a_decoder_that_falls_behind_begins_again_at_a_key_picture():
    errors = Errors()
    backlog, vp8 = Backlog("video", errors), SimpleNamespace(name="VP8")
    for number in range(16):
        backlog.put((vp8, SimpleNamespace(data=b"\x01", number=number)))
    assert (backlog.num_skipped, errors.is_set(), errors.num) == (16, True, 0)
    backlog.put((vp8, SimpleNamespace(data=b"\x00", number="key")))
    backlog.put((vp8, SimpleNamespace(data=b"\x01", number="next")))
    assert [backlog.get()[1].number for _ in range(2)] == ["key", "next"]


def test_key_pictures_are_known_by_their_bytes():
    assert is_key_picture("VP8", b"\x10") and not is_key_picture("VP8", b"\x11")
    assert is_key_picture("H264", b"\0\0\0\1\x67ab\0\0\1\x65cd") and not is_key_picture(
        "H264", b"\0\0\0\1\x41a"
    )
    assert not is_key_picture("VP8", b"") and not is_key_picture("H264", b"")


def test_aiortc_still_has_all_that_is_reached_into():
    pc = RTCPeerConnection.__init__.__globals__
    receiver = pc["RTCRtpReceiver"]
    names = receiver.__init__.__code__.co_names
    for name in ("__decoder_queue", "__decoder_error", "__timestamp_mapper"):
        assert f"_RTCRtpReceiver{name}" in names
    assert hasattr(receiver, "_handle_rtp_packet") and hasattr(receiver, "_handle_rtcp_packet")
    assert hasattr(pc["RTCRtpSender"], "_send_keyframe")
