"""Capture times: from arrivals, from reports, from the page; in order, never in the future, never absurd."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from millrace.apps.doors.rtc.times import SenderClock, TrackClock, ntp_to_unix_ns

MS = 1_000_000


def test_arrivals_lose_their_jitter():
    track = TrackClock(SenderClock())
    times = []
    for number in range(50):
        tick = track.unwrap(4_000_000_000 + number * 3_000 & 0xFFFFFFFF)
        arrived_ns = number * 1_000_000_000 // 30 + 10**12 + (number * 7 % 20) * MS
        times.append(track.captured_ns(tick, 90_000, arrived_ns))
    steps_ms = [(b - a) / MS for a, b in pairwise(times)]
    assert track.basis == "arrival" and max(abs(step - 33.3) for step in steps_ms) < 1.5


def test_time_stamps_wrap_without_a_jump():
    track = TrackClock(SenderClock())
    ticks = [track.unwrap(t) for t in (0xFFFFFFF0, 5, 0xFFFFFFF8, 20)]
    assert [tick - ticks[0] for tick in ticks] == [0, 21, 8, 36]


def test_sound_and_pictures_of_a_session_share_one_clock():
    sender = SenderClock()
    sound, video = TrackClock(sender), TrackClock(sender)
    unix_ns, ours_ns = 1_700_000_000 * 10**9, 55 * 10**9
    for track, first in ((sound, 1_000), (video, 9_000)):
        track.unwrap(first)
        track.report(first, unix_ns)
    heard = sound.captured_ns(1_000, 48_000, ours_ns + 20 * MS)  # sound took 20 ms
    seen = video.captured_ns(9_000, 90_000, ours_ns + 120 * MS)  # the picture of that moment 120
    assert heard == ours_ns + 20 * MS and abs(seen - heard) < MS and sound.basis == "reports"


def ages_ms(track, rate_hz, frames):
    """How long before its arrival each frame was captured, as the track says; frames are (tick, arrived_ns)."""
    return [
        (arrived - track.captured_ns(track.unwrap(tick), rate_hz, arrived)) / MS for tick, arrived in frames
    ]


def test_reports_that_stamp_the_end_of_encoding_count_by_the_quickest():
    sender = SenderClock()
    sound, video = TrackClock(sender), TrackClock(sender)
    unix_ns, ours_ns = 1_700_000_000 * 10**9, 55 * 10**9
    for second, encoding_ms in enumerate((500, 15, 300)):  # the first picture took half a second
        now_ns = second * 1000 * MS
        for track, hz, late_ms in ((sound, 48_000, 0), (video, 90_000, encoding_ms)):
            track.unwrap(second * hz)
            track.report(second * hz, unix_ns + now_ns + late_ms * MS)
        heard = sound.captured_ns(second * 48_000, 48_000, ours_ns + now_ns + 20 * MS)
        seen = video.captured_ns(second * 90_000, 90_000, ours_ns + now_ns + (20 + encoding_ms) * MS)
        assert (seen - heard) / MS < (501 if second == 0 else 16)


def test_reports_that_stamp_the_sending_of_a_late_packet_make_nothing_else_late():
    sender = SenderClock()
    sound, video = TrackClock(sender), TrackClock(sender)
    unix_ns, ours_ns = 1_700_000_000 * 10**9, 55 * 10**9
    frames = ((sound, 48_000, 1_400), (video, 90_000, 30))  # the sound of the report waited for 1.4 s
    for track, hz, late_ms in frames:
        for tenth in range(10):
            waited_ms = 30 if tenth < 9 else late_ms
            now_ns = tenth * 100 * MS + waited_ms * MS
            assert ages_ms(track, hz, [(tenth * hz // 10, ours_ns + now_ns + 5 * MS)])[0] >= 0
        track.report(9 * hz // 10, unix_ns + now_ns, arrived_ns=ours_ns + now_ns + 5 * MS)
    for track, hz, _ in frames:
        assert ages_ms(track, hz, [(2 * hz, ours_ns + 2035 * MS)])[0] < 2


def test_reports_whose_time_runs_at_another_speed_move_nothing_that_all_tracks_share():
    sender = SenderClock()
    rates = {TrackClock(sender): 48_000, TrackClock(sender): 90_000}
    unix_ns, ours_ns = 1_700_000_000 * 10**9, 55 * 10**9
    for second in range(1, 12):
        now_ns = second * 1000 * MS
        for track, hz in rates.items():
            track.unwrap(second * hz)
            track.report(2 * second * hz, unix_ns + now_ns)  # twice as fast: webrtcbin of GStreamer 1.22
        frames = {hz: [(second * hz, ours_ns + now_ns + 30 * MS)] for hz in rates.values()}
        assert all(max(ages_ms(track, hz, frames[hz])) < 1 for track, hz in rates.items())


def test_a_sender_whose_clock_is_set_is_followed():
    sender = SenderClock()
    track, ours_ns = TrackClock(sender), 55 * 10**9
    for second in range(20):
        unix_ns = (1_700_000_000 + second + (3_600 if second > 9 else 0)) * 10**9
        track.unwrap(second * 90_000)
        track.report(second * 90_000, unix_ns)
        sender.measure(0, unix_ns - second * 10**9, 0)  # its page says the same
        arrived_ns = ours_ns + second * 10**9 + (40 + second % 3) * MS
        assert ages_ms(track, 90_000, [(second * 90_000, arrived_ns)])[0] <= 3


def test_the_page_s_own_time_makes_delays_true():
    sender = SenderClock()
    track = TrackClock(sender)
    page_ns, ours_ns = 1_700_000_000 * 10**9, 55 * 10**9
    sender.measure(ours_ns - 4 * MS, page_ns, ours_ns + 4 * MS)
    sender.measure(ours_ns - 4 * MS, page_ns + 900 * MS, ours_ns + 400 * MS)  # a slow answer says less
    track.unwrap(0)
    track.report(0, page_ns)
    assert track.captured_ns(0, 90_000, ours_ns + 80 * MS) == ours_ns
    assert track.basis == "page"


def test_ntp_times_are_read():
    assert ntp_to_unix_ns((2_208_988_800 + 7) << 32 | 1 << 31) == 7_500_000_000


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1), st.integers(-(2**70), 2**70), st.integers(0, 10**9), st.booleans()
        )
    )
)
def test_whatever_a_sender_says_times_stay_in_order_and_near_their_arrival(reports):
    sender = SenderClock()
    track, now_ns, last_ns = TrackClock(sender), 10**12, 0
    for timestamp, unix_ns, step_ns, is_page in reports:
        now_ns += step_ns
        tick = track.unwrap(timestamp)
        track.report(timestamp, unix_ns, by_page=is_page)
        if is_page:
            sender.measure(now_ns - step_ns, unix_ns, now_ns)
        t_ns = track.captured_ns(tick, 90_000, now_ns)
        assert last_ns <= t_ns <= now_ns and t_ns >= now_ns - 2 * 10**9
        last_ns = t_ns
