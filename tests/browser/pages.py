"""What a person does on the page and reads there, as expressions for a tab."""

from __future__ import annotations

CONNECTED = "document.querySelector('#server').dataset.tone === 'good'"
LIVE = "document.querySelector('.tile .state')?.innerText.startsWith('Live')"
SAID = "[...document.querySelectorAll('.said')].map(e => e.innerText).join(' | ')"
NARRATED = "[...document.querySelectorAll('.is-narration p')].map(e => e.lastChild.data)"
REPLIES = "[...document.querySelectorAll('.is-reply')].map(e => e.innerText)"
TROUBLE = "document.querySelector('.trouble:not([hidden])')?.innerText"
END = ".tile .tools [aria-label^=End]"


def text_of(selector):
    return f"document.querySelector({selector!r}).innerText"


async def opened(browser, url):
    """A tab with the page, connected."""
    tab = await browser.new_tab(url + "/")
    await tab.wait_for(CONNECTED)
    return tab


async def add_camera(tab, name):
    """Start the browser's camera under this name, by the dialog; wait until it is live."""
    await tab.click("#add")
    await tab.wait_for("document.querySelector('#add-dialog').open")
    await tab.click("#camera-name")
    await tab.write(name)
    await tab.click("#devices button:enabled")
    await tab.wait_for(f"{state_of(name)}?.startsWith('Live')")


async def choose_files(tab, files):
    """As a person does in the dialog of the browser."""
    document = await tab.call("DOM.getDocument")
    found = await tab.call("DOM.querySelector", nodeId=document["root"]["nodeId"], selector="#files")
    await tab.call("DOM.setFileInputFiles", nodeId=found["nodeId"], files=[str(file) for file in files])


def state_of(name):
    """What the page says of a camera; undefined where it shows none of this name."""
    figures = "[...document.querySelectorAll('.tile')]"
    return f"{figures}.find(e => e.querySelector('.name')?.innerText === {name!r})?.querySelector('.state').innerText"
