"""The page in a real browser, with a camera of the browser's, over real WebRTC: by mouse, by keys, in words."""

import pytest
from artefacts import DESKTOP, PHONE, keep
from audit import FIND_FAULTS
from cable import cable_to
from chrome import attached
from pages import CONNECTED, END, LIVE, REPLIES, SAID, TROUBLE, opened, state_of, text_of
from parrot import Parrot, pause
from real_server import Warner, serving

DROPPED = "document.querySelector('.dropped').innerText"
# `spoken` holds what the browser is given to speak.
NOTE_SPEECH = """
  const speak = speechSynthesis.speak.bind(speechSynthesis);
  window.spoken = [];
  speechSynthesis.speak = (words) => (spoken.push(words.text), speak(words));
"""
# Answers to changes wait for `letGo()`; `heard` holds the budgets that the page was told.
HOLD_ANSWERS = """
  const fetched = window.fetch, dispatch = EventTarget.prototype.dispatchEvent;
  const free = new Promise((resolve) => (window.letGo = resolve));
  window.heard = [];
  window.fetch = (path, settings) =>
    fetched(path, settings).then((answer) => (settings?.method === "PUT" ? free.then(() => answer) : answer));
  EventTarget.prototype.dispatchEvent = function (event) {
    const isTaken = dispatch.call(this, event);
    if (event.type === "budget") heard.push(event.detail.budget_ms);
    return isTaken;
  };
"""


async def until_budget(house, milliseconds):
    while house.session.budget_ns != milliseconds * 1_000_000:
        await pause(0.05)


async def until_free(house):
    while any(seat.is_taken for seat in house.seats.all):
        await pause(0.05)


def test_a_person_starts_a_camera_reads_what_is_said_asks_and_reads_the_answer(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-camera")
            await tab.wait_for(LIVE)
            assert [seat.label for seat in house.seats.all if seat.is_taken] != []
            await tab.wait_for(f"{SAID}.includes('Moved')")
            await tab.wait_for(f"{text_of('.tile p.hidden')}.includes('red car')")
            # Stages that cost next to nothing, as some of this model's do, are not named.
            await tab.wait_for(
                "/^Latency: .* of a budget of 200 ms; .*Stages in ms:/"
                ".test(document.querySelector('#bars').ariaLabel)"
            )
            await tab.wait_for(f"/from picture to words [1-9]\\d* ms$/.test({text_of('#in-time')})")
            await tab.click("#question")
            await tab.write("how many people are there")
            await tab.press("Enter")
            await tab.wait_for(f"{REPLIES}.includes('How many people are there')")
            await tab.wait_for(f"{text_of('#ask-note')}.startsWith('Answered in')")
            assert tab.errors == []

    play(story())


def test_words_appear_while_the_sentence_is_written(chrome, play):
    async def story():
        async with serving(Parrot(words_per_tick=1)) as (url, _), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#question")
            await tab.write("one two three four five six seven eight")
            await tab.press("Enter")
            await tab.wait_for(f"/^One two( three)?( four)?$/.test({text_of('#writing')})")
            await tab.wait_for(f"{REPLIES}.includes('One two three four five six seven eight')")
            assert await tab.evaluate(text_of("#writing")) == ""

    play(story())


def test_an_alert_stays_until_it_is_dismissed_and_an_instruction_until_it_is_taken_back(chrome, play):
    async def story():
        async with serving(Warner()) as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#standing summary")
            await tab.click("#instruction")
            await tab.write("a car enters cam1")
            await tab.press("Enter")
            await tab.wait_for(f"{text_of('#instructions')}.includes('tell me when a car enters cam1')")
            assert house.instructions == ("tell me when a car enters cam1",)
            await tab.click("#start-camera")
            await tab.wait_for("document.querySelector('.alert p')?.innerText.startsWith('Moved')")
            await tab.wait_for("document.title.startsWith('(1)')")
            await keep(tab, "alert")
            await keep(tab, "alert-phone", PHONE)
            await tab.resize(*DESKTOP)
            await tab.click(END)
            await tab.wait_for("!document.querySelector('#empty').hidden")
            await tab.click("#instructions button")
            await tab.wait_for(f"{text_of('#standing-count')} === 'nothing yet'")
            assert house.instructions == ()
            assert await tab.evaluate("document.querySelectorAll('.alert').length") == 1
            await tab.evaluate("document.activeElement.blur()")
            await tab.press("d")
            await tab.wait_for("!document.querySelector('.alert') && document.title === 'Millrace'")

    play(story())


def test_the_budget_is_moved_by_its_slider_and_follows_others(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.wait_for("!document.querySelector('#budget').disabled")
            await tab.press("b")
            await tab.press("ArrowRight")
            await until_budget(house, 210)
            house.set_budget(150)
            await tab.wait_for(f"{text_of('#budget-out')} === '150 ms'")

    play(story())


def test_answers_are_spoken_and_a_voice_that_cannot_be_heard_is_explained(chrome, play):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.evaluate(NOTE_SPEECH)
            await tab.press("s")
            await tab.wait_for("spoken.includes('I will speak.')")
            await tab.press("/")
            await tab.write("how many people are there")
            await tab.press("Enter")
            await tab.wait_for("spoken.includes('How many people are there')")
            # This browser has the button, but nobody behind it who understands speech.
            await tab.click("#voice")
            await tab.wait_for(f"/microphone|recognition|heard/.test({text_of('#ask-note')})")

    play(story())


def test_a_budget_that_another_sets_while_the_slider_is_held_is_shown_when_it_is_let_go(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.wait_for("!document.querySelector('#budget').disabled")
            await tab.evaluate(HOLD_ANSWERS)
            await tab.press("b")
            await tab.press("ArrowRight")
            await until_budget(house, 210)
            house.set_budget(150)
            await tab.wait_for("heard.includes(150)")
            assert await tab.evaluate(text_of("#budget-out")) == "210 ms"
            await tab.evaluate("letGo()")
            await tab.wait_for(f"{text_of('#budget-out')} === '150 ms'")

    play(story())


def test_a_second_step_of_the_slider_is_not_lost_to_the_answer_of_the_first(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.wait_for("!document.querySelector('#budget').disabled")
            await tab.evaluate(HOLD_ANSWERS)
            await tab.press("b")
            await tab.press("ArrowRight")
            await until_budget(house, 210)
            house.set_budget(150)
            await tab.wait_for("heard.includes(150)")
            await tab.press("ArrowRight")
            await tab.evaluate("letGo()")
            await until_budget(house, 220)
            await tab.wait_for(f"{text_of('#budget-out')} === '220 ms'")

    play(story())


def test_the_keyboard_alone_is_enough(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            passed = []
            while "start-camera" not in passed:
                await tab.press("Tab")
                passed.append(await tab.evaluate("document.activeElement.id"))
                assert len(passed) < 12, passed
            await tab.press("Enter")
            await tab.wait_for(LIVE)
            await tab.press("?")
            await tab.wait_for("document.querySelector('#help-dialog').open")
            assert "Dismiss" in await tab.evaluate(text_of("#shortcuts"))
            await tab.press("Escape")
            await tab.wait_for("!document.querySelector('#help-dialog').open")
            await tab.press("/")
            await tab.write("is it dark")
            await tab.press("Enter")
            await tab.wait_for(f"{REPLIES}.includes('Is it dark')")
            await tab.evaluate("document.activeElement.blur()")
            await tab.press("c")
            await tab.wait_for("document.querySelector('#add-dialog').open")
            await keep(tab, "add-phone", PHONE)
            await keep(tab, "add")
            await tab.press("Escape")
            await tab.evaluate(f"document.querySelector({END!r}).focus()")
            await tab.press("Enter")
            await tab.wait_for("document.activeElement.id === 'start-camera'")
            await until_free(house)

    play(story())


def test_the_page_asks_for_the_token_or_takes_it_from_its_address(chrome, play):
    async def story():
        async with serving(token="correct-horse-battery") as (url, _):
            async with attached(chrome) as browser:
                tab = await browser.new_tab(url + "/")
                await tab.wait_for("document.querySelector('#lock-dialog').open")
                await tab.write("not-the-token")
                await tab.press("Enter")
                await tab.wait_for(f"{text_of('#lock-error')}.includes('not the token')")
                await tab.evaluate("document.querySelector('#token').value = ''")
                await tab.write("correct-horse-battery")
                await tab.press("Enter")
                await tab.wait_for(CONNECTED)
            async with attached(chrome) as browser:
                tab = await browser.new_tab(url + "/#token=correct-horse-battery")
                await tab.wait_for(CONNECTED)
                assert await tab.evaluate("location.hash") == ""
                assert not await tab.evaluate("document.querySelector('#lock-dialog').open")

    play(story())


def test_pictures_that_were_left_out_are_shown_by_cause_on_their_camera_and_counted_for_prometheus(
    chrome, play
):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-camera")
            await tab.wait_for(LIVE)
            [seat] = [seat for seat in house.seats.all if seat.is_taken]
            seat.lose(3, "damaged")
            shown = await tab.wait_for(f"/3 damaged/.test({DROPPED}) && {DROPPED}")
            assert shown.startswith("Left out: ")
            # Ten pictures a second come, five ticks look.
            await tab.wait_for(f"/^Left out: (.*, )?[1-9][0-9]* for newer ones/.test({DROPPED})")
            metrics = await tab.evaluate("fetch('/metrics').then(answer => answer.text())")
            assert f'millrace_frames_dropped_total{{camera="{seat.name}",cause="damaged"}} 3.0' in metrics
            assert f'millrace_frames_dropped_total{{camera="{seat.name}",cause="replaced"}}' in metrics

    play(story())


_SLOW_SERVER = """void (() => {
  const fetched = window.fetch;
  window.fetch = (...request) => new Promise((go) => setTimeout(go, 500)).then(() => fetched(...request));
})()"""


def test_a_full_house_is_told_and_the_camera_comes_in_when_there_is_room(chrome, play):
    async def story():
        async with serving(cams=1) as (url, house), attached(chrome) as browser:
            elsewhere = house.seats.take("elsewhere")
            tab = await opened(browser, url)
            await tab.wait_for(f"{state_of('elsewhere')}?.startsWith('Live')")
            await tab.evaluate(_SLOW_SERVER)  # the dialog opens when the list of cameras is there
            await tab.click("#add")
            await tab.click("#add-test")
            trouble = await tab.wait_for(TROUBLE)
            assert "no free place" in trouble and "elsewhere" in trouble
            house.seats.leave(elsewhere)
            await tab.wait_for(f"{state_of('test')}?.startsWith('Live')")

    play(story())


def test_a_server_that_went_away_is_told_and_found_again_under_the_same_name(chrome, play):
    async def story():
        async with attached(chrome) as browser:
            async with serving() as (url, _):
                tab = await opened(browser, url)
                await tab.click("#start-test")
                await tab.wait_for(LIVE)
            await tab.wait_for(f"{text_of('#server')}.includes('away')")
            await tab.wait_for(f"/again/.test({text_of('.tile .state')})")
            async with serving(port=int(url.rpartition(":")[2])) as (_, house):
                await tab.wait_for(CONNECTED)
                await tab.wait_for(LIVE)
                assert house.seats.all[0].label == "test"

    play(story())


def test_what_was_said_while_the_network_was_away_is_told_when_it_is_back(chrome, play):
    async def story():
        async with (
            serving() as (url, house),
            cable_to(url) as (near, cable),
            attached(chrome) as browser,
        ):
            tab = await opened(browser, near)
            await house.ask("who was first")
            await tab.wait_for(f"{REPLIES}.includes('Who was first')")
            cable.pull()
            await tab.wait_for(f"{text_of('#server')}.includes('away')")
            await house.ask("who was next")
            cable.plug()
            await tab.wait_for(f"{CONNECTED} && {REPLIES}.length === 2")
            assert await tab.evaluate(REPLIES) == ["Who was first", "Who was next"]
            assert not await tab.evaluate("document.querySelector('.is-gap')")

    play(story())


def test_a_tab_that_is_closed_frees_its_place_and_a_new_one_takes_the_old_name(chrome, play):
    async def story():
        async with serving(cams=1) as (url, house), attached(chrome) as browser:
            for _ in range(2):
                tab = await opened(browser, url)
                await tab.click("#start-test")
                await tab.wait_for(LIVE)
                assert house.seats.all[0].label == "test"
                await tab.close()
                await until_free(house)

    play(story())


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_every_control_has_a_name_a_size_and_contrast(chrome, play, width, height):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            tab = await browser.new_tab()
            await tab.resize(width, height)
            await tab.prefer(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
            await tab.go(url + "/")
            await tab.wait_for(CONNECTED)
            faults = await tab.evaluate(FIND_FAULTS)
            await tab.click("#start-test")
            await tab.wait_for(LIVE)
            for scheme in ("dark", "light"):
                await tab.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
                faults += [f"{scheme}: {fault}" for fault in await tab.evaluate(FIND_FAULTS)]
            assert faults == []
            assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")

    play(story())
