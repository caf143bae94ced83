"""What a camera of the page can be, what lies over it, and what is said in words where it cannot come."""

import pytest
from artefacts import PHONE, keep
from chrome import attached
from clips import write_video
from pages import CONNECTED, END, LIVE, TROUBLE, choose_files, opened, state_of, text_of
from real_server import serving

# How much of the agent's view is painted over the first picture: the sum of its alpha.
PAINTED = """(over => over.getContext("2d").getImageData(0, 0, over.width, over.height).data
  .filter((_, n) => n % 4 === 3).reduce((sum, alpha) => sum + alpha, 0))(document.querySelector(".over"))"""


def test_video_files_are_cameras_each_under_its_name(chrome, play, tmp_path):
    videos = [write_video(tmp_path / name) for name in ("front door.mp4", "yard.mp4")]

    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await choose_files(tab, videos)
            for name in ("front-door", "yard"):
                await tab.wait_for(f"{state_of(name)}?.startsWith('Live')")
            assert {seat.label for seat in house.seats.all if seat.is_taken} == {"front-door", "yard"}
            await choose_files(tab, [__file__])
            assert "cannot be played" in await tab.wait_for(TROUBLE)

    play(story())


def test_the_screen_is_a_camera(chrome, play):
    async def story():
        async with serving() as (url, house), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-screen")
            await tab.wait_for(f"{state_of('screen')}?.startsWith('Live')")
            assert [seat.label for seat in house.seats.all if seat.is_taken] == ["screen"]

    play(story())


def test_what_the_agent_saw_lies_over_the_picture_until_it_is_switched_off(chrome, play):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-camera")
            await tab.wait_for(f"{PAINTED} > 0")
            await tab.press("v")
            assert await tab.evaluate(PAINTED) == 0
            assert (
                await tab.evaluate("document.querySelector('#view').getAttribute('aria-pressed')") == "false"
            )
            await tab.press("v")
            await tab.wait_for(f"{PAINTED} > 0")

    play(story())


def test_a_camera_of_another_door_is_shown_with_the_picture_that_the_agent_has(chrome, play):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            sending, watching = await opened(browser, url), await opened(browser, url)
            await sending.click("#start-camera")
            await sending.wait_for(LIVE)
            await watching.wait_for("document.querySelector('.tile img')?.naturalWidth >= 160")
            # Who adds another of the same name is not kept from it.
            await watching.click("#add")
            await watching.click("#camera-name")
            await watching.write("camera")
            await watching.click("#devices button:enabled")
            await watching.wait_for(f"{state_of('camera-2')}?.startsWith('Live')")

    play(story())


def test_a_denied_camera_is_explained_in_words_and_the_test_picture_still_works(denying_chrome, play):
    async def story():
        async with serving() as (url, house), attached(denying_chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-camera")
            trouble = await tab.wait_for(TROUBLE)
            assert (
                "blocked" in trouble and "allow Camera and Microphone" in trouble and "Try again" in trouble
            )
            assert not house.seats.all[0].is_taken
            await keep(tab, "denied")
            await keep(tab, "denied-phone", PHONE)
            await tab.click(END)
            await tab.click("#start-test")
            await tab.wait_for(LIVE)

    play(story())


def test_a_page_without_https_says_what_to_do(unsafe_chrome, play):
    async def story():
        async with serving(hosts=["millrace.test"]) as (url, _), attached(unsafe_chrome) as browser:
            tab = await browser.new_tab(url.replace("127.0.0.1", "millrace.test") + "/")
            await tab.wait_for(CONNECTED)
            await tab.click("#start-camera")
            await tab.wait_for("!document.querySelector('#notice').hidden")
            advice = await tab.evaluate(text_of("#notice"))
            assert (
                "only to secure pages" in advice and "http://localhost:" in advice and "--tls-cert" in advice
            )
            await keep(tab, "without-https-phone", PHONE)
            await tab.click("#start-test")
            await tab.wait_for(LIVE)
            assert await tab.evaluate("document.querySelector('#notice').hidden")

    play(story())


def test_a_network_without_udp_is_explained_in_words(pathless_chrome, play):
    async def story():
        async with serving() as (url, _), attached(pathless_chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-test")
            trouble = await tab.wait_for(TROUBLE)
            assert "finds no way" in trouble and "UDP" in trouble and "agent doctor" in trouble
            await tab.wait_for(f"{state_of('test')}?.includes('again')")
            await keep(tab, "no-path")

    play(story())


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_first_page_is_kept_for_looking_at(chrome, play, scheme):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            tab = await opened(browser, url)
            path = await keep(tab, f"first-{scheme}", scheme=scheme)
            phone = await keep(tab, f"first-{scheme}-phone", PHONE, scheme)
            assert path.stat().st_size > 10_000 and phone.stat().st_size > 10_000

    play(story())


def test_the_agent_s_own_picture_is_played_and_taken_away_again(chrome, play):
    async def story():
        async with serving() as (url, _), attached(chrome) as browser:
            tab = await opened(browser, url)
            await tab.click("#start-test")
            await tab.wait_for(LIVE)
            await tab.click("#add")
            await tab.click("#add-agent")
            await tab.wait_for(
                "document.querySelector('[aria-label=\"The agent\\'s own picture\"]').videoWidth === 640"
            )
            await keep(tab, "agent-s-own-picture")
            await tab.click('[aria-label="End the agent\'s own picture"]')
            await tab.wait_for("document.querySelectorAll('.tile').length === 1")

    play(story())
