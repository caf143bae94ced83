"""Messages reach those who want them; a slow listener loses the oldest and holds nobody up."""

import asyncio

from millrace.apps.doors.hub import Hub


def test_a_listener_gets_its_kinds_in_order_and_ends_with_the_hub():
    async def play():
        hub = Hub()
        words, everything = hub.join({"delta"}), hub.join()
        assert hub.wants("tick") and hub.num_listeners == 2
        for n in range(3):
            hub.publish("delta", {"n": n})
            hub.publish("tick", {"n": n})
        hub.close()
        return (
            [m.body["n"] async for m in words],
            [(m.kind, m.body["n"]) async for m in everything],
            hub.latest,
        )

    words, everything, latest = asyncio.run(play())
    assert words == [0, 1, 2]
    assert everything == [(kind, n) for n in range(3) for kind in ("delta", "tick")]
    assert latest["tick"].body == {"n": 2}


def test_a_slow_listener_loses_the_oldest_and_is_told_how_many():
    async def play():
        hub = Hub()
        slow = hub.join()
        for n in range(1000):
            hub.publish("tick", {"n": n})
        hub.leave(slow)
        hub.publish("tick", {"n": 1000})
        return [m.body["n"] async for m in slow], slow.num_dropped

    kept, num_dropped = asyncio.run(play())
    assert kept == list(range(744, 1000))
    assert num_dropped == 744
