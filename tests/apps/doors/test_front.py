"""Questions, instructions, the budget, events and figures over HTTP, as programs use them."""

import asyncio
import json
import logging
from contextlib import suppress

import pytest
from parrot import Parrot, pause, shade, show
from prometheus_client.parser import text_string_to_metric_families
from serving import close, play, read_head, serving

from millrace.apps.doors.house import House
from millrace.apps.doors.lag import LoopLag
from millrace.apps.doors.routes_health import health_of
from millrace.apps.doors.server import is_worth_telling
from millrace.streams.clock import NS_PER_MS, NS_PER_S, VirtualClock


class Events:
    """Reads `/events` line by line."""

    def __init__(self, served, query=""):
        self.served, self.query = served, query

    async def __aenter__(self):
        self.reader, self.writer = await self.served.open()
        head = f"GET /events{self.query} HTTP/1.1\r\nHost: 127.0.0.1:{self.served.port}\r\n\r\n"
        self.writer.write(head.encode())
        self.status, self.headers = await read_head(self.reader)
        return self

    async def __aexit__(self, *_):
        await close(self.writer)

    async def next(self, kind=None):
        """The next event of this kind as (id, kind, body); None at the end."""
        fields = {}
        while line := (await self.reader.readline()).decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name in ("id", "event", "data"):
                fields[name] = value
            elif not line.strip() and "event" in fields:
                if kind in (None, fields["event"]):
                    return fields.get("id", ""), fields["event"], json.loads(fields["data"])
                fields = {}
        return None


def test_a_question_is_answered_and_a_bad_one_refused_with_a_sentence():
    async def ask():
        async with serving(limits={"question_chars": 40}) as served:
            lines = [
                "  is it\n\x00 red ",
                "",
                " \t\x07 ",
                "x" * 41,
                "tell me when a car enters cam1",
                5,
                None,
            ]
            answers = [await served.send("POST", "/ask", {"text": line}) for line in lines]
            answers.append(await served.send("POST", "/ask", {"text": "x", "colour": "red"}))
            return answers

    answer, *refused = play(ask())
    assert (answer.status, answer.json["answer"], answer.json["unknown"]) == (200, "is it red", [])
    assert 0 < answer.json["seconds"] < 5
    assert [each.status for each in refused] == [422] * 7
    assert all(each.error["code"] == "invalid" for each in refused)
    assert refused[2].error["message"] == "text has 41 characters; at most 40 are read"
    assert "POST /alerts" in refused[3].error["message"]


def test_a_question_without_an_answer_is_unavailable_and_says_when_to_come_again(monkeypatch):
    async def ask():
        house = House(Parrot(words_per_tick=0), num_cameras=1)
        whole = house.ask
        monkeypatch.setattr(house, "ask", lambda text: whole(text, timeout_s=0.2))
        async with serving(house) as served:
            return await served.send("POST", "/ask", {"text": "hello"})

    answer = play(ask())
    assert (answer.status, answer.error["code"], answer.headers["retry-after"]) == (503, "busy", "1")


def test_instructions_are_added_listed_and_taken_back():
    async def instruct():
        async with serving(limits={"alerts": 2}) as served:
            send, lines = served.send, [f"tell me when a car enters cam{n}" for n in (1, 2, 3)]
            added = [await send("POST", "/alerts", {"text": line}) for line in (*lines, lines[0])]
            listed = await send("GET", "/alerts")
            bad = [
                await send("POST", "/alerts", {"text": "what is there"}),
                await send("DELETE", "/alerts/nothing"),
            ]
            gone = await send("DELETE", f"/alerts/{added[0].json['id']}")
            return added, listed, bad, gone, await send("GET", "/alerts")

    added, listed, bad, gone, left = play(instruct())
    assert [each.status for each in added] == [201, 201, 409, 201]
    assert [each["text"][-4:] for each in listed.json["alerts"]] == ["cam1", "cam2"]
    assert [each.status for each in bad] == [422, 404]
    assert (gone.status, gone.body) == (204, b"")
    assert left.json["alerts"] == listed.json["alerts"][1:]


def test_the_budget_is_told_and_moved():
    async def move():
        async with serving(budget_ms=150) as served, Events(served, "?kinds=budget,tick") as events:
            before = await served.send("GET", "/budget")
            bad = [await served.send("PUT", "/budget", {"budget_ms": ms}) for ms in (9, 1e9, "x", None)]
            after = await served.send("PUT", "/budget", {"budget_ms": 80})
            told = await events.next("budget")
            while (await events.next("tick"))[2]["budget_ms"] != 80:
                pass
            return before.json, bad, after.json, told

    before, bad, after, told = play(move())
    assert (before["budget_ms"], after["budget_ms"]) == (150, 80)
    assert [each.status for each in bad] == [422] * 4
    assert told[1:] == ("budget", {"budget_ms": 80})


def test_events_tell_of_kinds_asked_for_in_order_with_numbers():
    async def listen():
        async with serving() as served, Events(served, "?kinds=sentence,delta") as events:
            seat = served.house.seats.take("door")
            for value in (20, 80):
                await show(served.house, seat, value)
            heard = [await events.next() for _ in range(4)]
            bad = [await served.send("GET", f"/events?kinds={kinds}") for kinds in ("nonsense", "", "tick,x")]
            count = served.front.events.num_readers
        return heard, bad, events.headers, count

    heard, bad, headers, count = play(listen())
    assert headers["content-type"].startswith("text/event-stream")
    numbers = [int(place.rpartition(".")[2]) for place, _, _ in heard]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert [kind for _, kind, _ in heard] == ["delta", "delta", "delta", "sentence"]
    assert heard[3][2] | {"t_s": 0, "t_out_s": 0, "glass_to_token_ms": 0} == {
        "text": "cam1: moved", "camera": "door", "kind": "narration", "t_s": 0, "t_out_s": 0, "confidence": 0.5,
        "glass_to_token_ms": 0,
    }  # fmt: skip
    assert [each.status for each in bad] == [422] * 3
    assert "choose from delta, sentence" in bad[0].error["message"]
    assert count == 1


def test_a_slow_reader_of_events_is_told_what_it_lost_and_holds_nobody_up():
    async def listen():
        async with serving() as served:
            stream = served.front.events.stream(("source",), heartbeat_s=0.05)
            begin, place, heartbeat = [await anext(stream) for _ in range(3)]
            for n in range(300):
                served.house.hub.publish("source", {"n": n, "detail": "rtsp://admin:pass@10.0.0.5/x"})
            lines = [(await anext(stream)).decode() for _ in range(3)]
            await stream.aclose()
            left = served.house.hub.wants("source"), served.front.events.num_readers
            return begin, place, heartbeat, lines, left, served.front.metrics.text().decode()

    begin, place, heartbeat, lines, left, text = play(listen())
    assert begin.startswith(b"retry:") and place.startswith(b"id: ") and heartbeat == b": still here\n\n"
    assert any('event: dropped\ndata: {"messages":4' in line for line in lines)
    assert "pass@" not in "".join(lines) and "rtsp://***@10.0.0.5/x" in "".join(lines)
    assert left[1] == 0
    assert "millrace_events_dropped_total 4" in text


def test_readers_of_events_are_counted_limited_and_let_go():
    async def listen():
        async with serving(limits={"sessions": 1}) as served:
            async with Events(served), Events(served), Events(served), Events(served):
                fifth = await served.send("GET", "/events")
            while served.front.events.num_readers:
                await pause(0.01)
            async with Events(served) as again:
                return fifth, again.status

    fifth, again = play(listen())
    assert (fifth.status, fifth.error["code"], again) == (503, "full", 200)


def test_the_server_ends_while_events_are_read():
    async def listen():
        async with serving() as served:
            events = await Events(served).__aenter__()
        end = asyncio.get_running_loop().time()
        while await events.next():
            pass
        await close(events.writer)
        return asyncio.get_running_loop().time() - end

    assert play(listen()) < 10  # it ends; a busy machine may take its time


def test_the_server_ends_under_whoever_is_connected_and_says_so(caplog):
    async def leave():
        house = House(Parrot(words_per_tick=0), num_cameras=1, answer_timeout_s=600)
        async with serving(house) as served:
            asking = asyncio.create_task(served.send("POST", "/ask", {"text": "is it dark"}))
            half, half_writer = await served.open()
            head = f"POST /ask HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 9\r\n\r\n"
            half_writer.write(head.encode() + b"x")
            while len(served.server.server_state.tasks) < 2:
                await pause(0.01)
        with suppress(ConnectionError):
            assert await half.read() == b""
        await close(half_writer)
        return await asking

    told = play(leave())
    assert (told.status, told.error["code"]) == (503, "busy")
    assert told.error["message"] == "the agent has stopped; ask again when it has been started again"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_work_that_ends_with_the_server_is_no_error_in_its_log(caplog):
    log = logging.getLogger("a server of a test")
    log.addFilter(is_worth_telling)
    log.error("Cancel %s running task(s), timeout graceful shutdown exceeded", 2)
    for error in (asyncio.CancelledError("the server ends"), ValueError("broken")):
        log.error("Exception in ASGI application", exc_info=error)
    log.error("Traceback (most recent call last):\n...\nasyncio.exceptions.CancelledError\n")
    log.error("Traceback (most recent call last):\n...\nValueError: broken\n")
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [ValueError, None]
    assert "ValueError: broken" in caplog.text and "Cancel" not in caplog.text


def test_figures_can_be_read_by_prometheus():
    async def measure():
        async with serving() as served, Events(served, "?kinds=sentence") as events:
            seat = served.house.seats.take("door")
            for value in (20, 80, 140):
                seat.push_frame(shade(value))
                await show(served.house, seat, value)
            await events.next("sentence")
            return await served.send("GET", "/metrics")

    answer = play(measure())
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert samples["millrace_ticks_total",] >= 3
    assert samples["millrace_tick_latency_seconds_count",] == samples["millrace_ticks_total",]
    assert samples["millrace_stage_cost_seconds_count", ("stage", "read")] >= 3
    assert samples["millrace_sentences_total", ("kind", "narration")] >= 1
    assert samples["millrace_glass_to_token_seconds_count",] >= 1
    assert samples["millrace_words_total",] >= 3
    assert samples["millrace_tokens_kept_total", ("source", "cam1")] >= 1
    assert samples["millrace_frames_total", ("camera", "cam1"), ("fate", "in")] == 6
    assert samples["millrace_frames_dropped_total", ("camera", "cam1"), ("cause", "replaced")] >= 1
    assert samples["millrace_sessions", ("door", "events")] == 1
    assert samples["millrace_cameras_taken",] == 1
    assert samples["millrace_budget_seconds",] == 0.2
    assert samples["millrace_resident_memory_bytes",] > 1e7
    assert samples["millrace_loop_lag_histogram_seconds_count",] > 3
    assert 0 <= samples["millrace_loop_lag_seconds",] < 5


def test_health_is_good_only_while_the_session_ticks():
    async def look():
        async with serving() as served:
            good = await served.send("GET", "/healthz")
            served.house.stop()
            while not served.front.failure:
                await pause(0.01)
            return good, await served.send("GET", "/healthz")

    good, ended = play(look())
    assert (good.status, good.json["status"]) == (200, "ok")
    assert (ended.status, ended.json["status"]) == (503, "ended")
    assert health_of("", None, 0).status == "starting"
    assert health_of("", NS_PER_S, 5 * NS_PER_S).why.startswith("no tick for 4.0 s")
    assert health_of("", NS_PER_S, 3 * NS_PER_S).is_good


def test_a_session_that_breaks_is_told_and_the_doors_stay(monkeypatch):
    async def look():
        house = House(Parrot(), num_cameras=1)

        async def break_down():
            raise ValueError("model of rtsp://admin:pass@10.0.0.5/x is broken")

        monkeypatch.setattr(house, "run", break_down)
        async with serving(house) as served:
            return await served.send("GET", "/healthz"), served.front.error

    answer, error = play(look())
    assert answer.status == 503
    assert answer.json["why"] == "ValueError: model of rtsp://***@10.0.0.5/x is broken"
    assert isinstance(error, ValueError)


def test_the_page_and_the_list_of_doors_need_nothing_from_elsewhere():
    async def look():
        async with serving(ticks=False) as served:
            page = await served.send("GET", "/")
            style = await served.send("GET", "/page/style.css")
            same = await served.send("GET", "/page/style.css", If_None_Match=style.headers["etag"])
            head = await served.send("HEAD", "/page/style.css", Connection="close")
            climbing = [
                await served.send("GET", path)
                for path in ("/page/../app.py", "/page/..%2fapp.py", "/page/nothing")
            ]
            return page, style, same, head, climbing, await served.send("GET", "/docs")

    page, style, same, head, climbing, docs = play(look())
    assert page.headers["content-type"].startswith("text/html")
    assert style.headers["content-type"].startswith("text/css")
    assert (same.status, same.body, head.status) == (304, b"", 200)
    assert [each.status for each in climbing] == [404] * 3
    for path in (b"/ask", b"/alerts/{id}", b"/cameras", b"/events", b"/budget"):
        assert path in docs.body
    assert b"<script" not in docs.body and b"http://" not in docs.body and b"https://" not in docs.body


def test_an_unexpected_error_is_told_without_its_details(monkeypatch, caplog):
    async def look():
        async with serving(ticks=False) as served:
            monkeypatch.setattr(served.house, "set_budget", lambda ms: 1 / 0)
            return await served.send("PUT", "/budget", {"budget_ms": 80})

    answer = play(look())
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert "ZeroDivisionError" in answer.error["message"] and "line" not in answer.error["message"]


def test_the_lag_of_the_loop_is_measured_where_something_blocks_it():
    clock, heard = VirtualClock(), []
    lag = LoopLag(heard.append, clock)
    lag.note(0, 70 * NS_PER_MS)
    lag.note(5 * NS_PER_S, 2 * NS_PER_MS)
    clock.jump_to(5 * NS_PER_S)
    assert (lag.highest_ns, lag.worst_ns) == (70 * NS_PER_MS, 70 * NS_PER_MS)
    clock.jump_to(12 * NS_PER_S)
    assert (lag.highest_ns, heard) == (2 * NS_PER_MS, [70 * NS_PER_MS, 2 * NS_PER_MS])
    clock.jump_to(30 * NS_PER_S)
    assert lag.highest_ns == 0


@pytest.mark.parametrize("path", ["/ask", "/alerts", "/cameras", "/budget"])
def test_every_route_that_takes_json_takes_nothing_else(path):
    async def send():
        async with serving(ticks=False) as served:
            method = "PUT" if path == "/budget" else "POST"
            return [
                await served.send(
                    method, path, body=b"text=x", Content_Type="application/x-www-form-urlencoded"
                ),
                await served.send(method, path),
                await served.send(method, path, {}),
            ]

    assert [answer.status for answer in play(send())] == [415, 415, 422]
