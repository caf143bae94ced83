"""The page with the model that ships: a rendered world before the camera, true sentences, four peers, a tab that dies."""

from artefacts import PHONE, keep
from chrome import attached
from pages import LIVE, NARRATED, REPLIES, add_camera, opened, state_of
from served_agent import cameras, seats, until

from millrace.streams.world.language import parse
from millrace.streams.world.questions import question_words

LONG_S = 120  # to see something happen, on a busy machine


def is_true(sentence, world):
    """Whether such a thing does such a thing in the world."""
    said = parse(f"cam1: {sentence[:1].lower()}{sentence[1:]}")
    return said is not None and any((e.kind, e.thing) == (said.kind, said.thing) for e in world.events)


async def until_true(tab, world):
    """Read the page until it tells of something that happens in the world; that sentence."""
    told = []
    while not (true := [sentence for sentence in told if is_true(sentence, world)]):
        told = await tab.wait_for(f"{NARRATED}.length > {len(told)} && {NARRATED}", LONG_S)
    return true[0]


def test_a_rendered_world_is_told_truly_in_the_page_and_a_question_is_answered(
    agent, world_chrome, world, play
):
    async def story():
        async with attached(world_chrome) as browser:
            tab = await opened(browser, agent)
            await tab.click("#start-camera")
            await tab.wait_for(LIVE, LONG_S)
            await until_true(tab, world)
            await tab.click("#question")
            await tab.write("how many things are in cam1")
            await tab.press("Enter")
            [reply] = await tab.wait_for(f"{REPLIES}.length && {REPLIES}", LONG_S)
            assert set(reply.lower().split()) <= question_words()
            await keep(tab, "world")
            await keep(tab, "world-phone", PHONE)
            await tab.close()
            await until(lambda: not seats(agent))

    play(story())


def test_a_tab_that_dies_is_dropped_and_its_camera_comes_back_to_its_old_seat(agent, world_chrome, play):
    async def story():
        async with attached(world_chrome) as browser:
            watching, dying = await opened(browser, agent), await opened(browser, agent)
            await watching.click("#start-test")
            await watching.wait_for(LIVE, LONG_S)
            await dying.wait_for("!document.querySelector('#add').hidden", LONG_S)
            await add_camera(dying, "door")
            seat = seats(agent)["door"]
            await dying.crash()
            await until(lambda: "door" not in seats(agent))
            await watching.wait_for(f"!{state_of('door')}")
            returning = await opened(browser, agent)
            await add_camera(returning, "door")
            assert seats(agent)["door"] == seat
            await returning.wait_for(f"{NARRATED}.length", LONG_S)
            for tab in (watching, returning):
                await tab.close()
            await until(lambda: not seats(agent))

    play(story())


def test_four_peers_at_once_are_all_live_and_all_told_of(agent, world_chrome, play):
    async def story():
        async with attached(world_chrome) as browser:
            tabs = [await opened(browser, agent) for _ in range(4)]
            await tabs[0].click("#start-camera")
            await tabs[0].wait_for(LIVE, LONG_S)
            names = [*seats(agent)]
            for number, tab in enumerate(tabs[1:], 2):
                await tab.wait_for("!document.querySelector('#add').hidden", LONG_S)
                names.append(f"camera-of-tab-{number}")
                await add_camera(tab, names[-1])
            await until(
                lambda: (
                    {each["name"]: each["state"] for each in cameras(agent)}
                    == dict.fromkeys(names, "connected")
                )
            )
            assert len(set(seats(agent).values())) == 4
            for name in names:
                for tab in tabs:
                    await tab.wait_for(f"{state_of(name)}?.startsWith('Live')", LONG_S)
            for tab in tabs:
                await tab.wait_for(f"{NARRATED}.length", LONG_S)
            await keep(tabs[0], "four-peers")
            for tab in tabs:
                await tab.close()
            await until(lambda: not seats(agent))

    play(story())
