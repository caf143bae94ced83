"""`/events` as a client of another make reads it, through connections that break."""

import json

import httpx2
from parrot import pause
from serving import play, serving


class Reader:
    """Reads server-sent events with httpx, and remembers where it was, as the standard asks of clients."""

    def __init__(self, served, query=""):
        self.url, self.last_id, self.retry = f"{served.url}/events{query}", "", None

    async def read(self, is_enough):
        """All events of one connection, as (kind, body), until `is_enough` of them; then hang up."""
        events, kind, data = [], "", ""
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        async with (
            httpx2.AsyncClient(timeout=60) as client,
            client.stream("GET", self.url, headers=headers) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                match name:
                    case "id":
                        self.last_id = value
                    case "retry":
                        self.retry = int(value)
                    case "event":
                        kind = value
                    case "data":
                        data = value
                    case "":
                        if data:
                            events.append((kind, json.loads(data)))
                        kind = data = ""
                        if is_enough(events):
                            return events
        raise AssertionError(f"the stream ended: {events}")


def sentences(events):
    return [body["text"] for kind, body in events if kind == "sentence"]


def test_who_comes_back_is_told_what_it_missed_and_nothing_twice():
    async def read():
        async with serving() as served:
            reader = Reader(served, "?kinds=sentence,tick,budget")
            hello = await reader.read(lambda events: reader.last_id)  # hangs up before anything has happened
            for n in range(3):
                await served.house.ask(f"question {n}", 60)
            first = await reader.read(lambda events: len(sentences(events)) == 2)
            served.house.set_budget(150)
            await served.house.ask("question 3", 60)
            second = await reader.read(lambda events: len(sentences(events)) == 2)
            third = await reader.read(lambda events: "tick" in dict(events))
            return hello, first, second, third, reader.retry

    hello, first, second, third, retry = play(read(), 120)
    assert sentences(hello) == [] and "dropped" not in dict(hello + first + second + third)
    assert sentences(first) == ["reply: question 0", "reply: question 1"]
    assert sentences(second) == ["reply: question 2", "reply: question 3"]
    kinds = [kind for kind, _ in second]
    assert ("budget", {"budget_ms": 150}) in second
    # In the order in which it happened.
    assert kinds.index("sentence") < kinds.index("budget") < len(kinds) - kinds[::-1].index("sentence") - 1
    assert sentences(third) == [] and "budget" not in dict(third)
    assert retry == 2000


def test_who_was_away_for_too_long_is_told_that_something_is_lost_and_how_things_stand():
    async def read():
        async with serving() as served:
            reader, alerts = Reader(served, "?kinds=speech,budget"), Reader(served, "?kinds=alerts")
            await reader.read(lambda _: reader.last_id)
            await alerts.read(lambda _: alerts.last_id)
            served.house.set_budget(170)
            for n in range(300):
                served.house.hub.publish("speech", {"n": n})
            served.house.hub.publish("alerts", {"added": "it"})
            return (
                await reader.read(lambda events: ("speech", {"n": 299}) in events and len(events) >= 259),
                await alerts.read(lambda events: events),
            )

    events, alerts = play(read(), 60)
    assert events[0] == ("dropped", {"messages": None})
    assert [body["n"] for kind, body in events if kind == "speech"] == list(range(44, 300))
    assert events[-1] == ("budget", {"budget_ms": 170})
    assert alerts == [("alerts", {"added": "it"})]  # what others talk of pushes nothing out


def test_a_place_of_another_run_begins_anew_and_says_so():
    async def read():
        async with serving() as served:
            await served.house.ask("before", 60)
            heard = []
            for place in ("0badcafe.1", "x" * 5000, "7"):
                reader = Reader(served, "?kinds=sentence,budget")
                served.house.set_budget(180)
                reader.last_id = place
                heard.append(await reader.read(lambda events: len(events) == 2))
            kept = Reader(served, "?kinds=sentence")
            await kept.read(lambda _: kept.last_id)
            await served.house.ask("after", 60)
            query = Reader(served, f"?kinds=sentence&after={kept.last_id}")
            heard.append(await query.read(lambda events: events))
            while served.front.events.num_readers:
                await pause(0.01)
            return heard

    *anew, by_query = play(read(), 60)
    assert anew == [[("dropped", {"messages": None}), ("budget", {"budget_ms": 180})]] * 3
    assert sentences(by_query) == ["reply: after"]
