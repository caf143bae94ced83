"""A headless Chromium, driven over the DevTools protocol: fresh profile, tabs, keys, pictures."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from millrace.streams.clock import WallClock

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # A page behind another counts as looked at: else its process gets a lower priority, and starves on a busy machine.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    "--no-first-run",
    "--mute-audio",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)
ALLOW, DENY = "--use-fake-ui-for-media-stream", "--deny-permission-prompts"
_START_S, _WAIT_S, _CRASH_S, _LOOK_NS = 60.0, 60.0, 2.0, 50_000_000
_KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Escape": ("Escape", 27, ""),
    " ": ("Space", 32, " "),
}
_KEYS |= {
    "ArrowRight": ("ArrowRight", 39, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
}

# The middle of an element in the window, or null while a click there would meet another, or none.
_MIDDLE = """(() => {
  const element = document.querySelector(SELECTOR);
  element?.scrollIntoView({ block: "center" });
  const box = element?.getBoundingClientRect();
  const middle = box && [box.x + box.width / 2, box.y + box.height / 2];
  return middle && element.contains(document.elementFromPoint(...middle)) ? middle : null;
})()"""


class PageError(AssertionError):
    """A script threw, or what was waited for did not come; with what the page's console said."""


class Tab:
    """One page. `errors` holds what its console complained of."""

    def __init__(self, browser: Browser, target_id: str, session_id: str) -> None:
        self._browser, self.target_id, self.session_id = browser, target_id, session_id
        self.errors: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """A command of the protocol."""
        return await self._browser.call(method, self.session_id, **parameters)

    async def go(self, url: str) -> None:
        """Load an address and wait until the page is whole."""
        await self.call("Page.navigate", url=url)
        await self.wait_for(
            f"document.readyState === 'complete' && location.href.startsWith({url.split('#')[0]!r})"
        )

    async def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited; as a person's own act, so that it may play and ask."""
        parameters = {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True}
        answer = await self.call("Runtime.evaluate", **parameters)
        if "exceptionDetails" in answer:
            raise PageError(f"{script}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    async def wait_for(self, script: str, timeout_s: float = _WAIT_S) -> Any:
        """Wait until an expression is true; its value. Raises PageError."""
        clock, value = WallClock(), None
        while clock.now_ns() < timeout_s * 1e9:
            with contextlib.suppress(PageError):  # a page on its way has no elements yet
                if value := await self.evaluate(script):
                    return value
            await clock.sleep_until(clock.now_ns() + _LOOK_NS)
        text = await self.evaluate("document.body ? document.body.innerText : ''")
        raise PageError(f"not within {timeout_s:g} s: {script}; console: {self.errors}; page: {text[:1500]}")

    async def click(self, selector: str) -> None:
        """Click in the middle of an element, as a mouse does, once it stands still there with nothing over it."""
        script, before, clock = _MIDDLE.replace("SELECTOR", json.dumps(selector)), None, WallClock()
        while before != (middle := await self.wait_for(script)):
            before = middle
            await clock.sleep_until(clock.now_ns() + _LOOK_NS)
        x, y = middle
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def press(self, key: str, modifiers: int = 0) -> None:
        """One key down and up; 8 is shift."""
        code, number, text = _KEYS.get(key, ("", ord(key[0].upper()), key))
        what = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
        await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **what)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    async def write(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def look(self, path: Path, width: int = 1280, height: int = 800, scale: float = 1) -> None:
        """A picture of the page in a window of this size."""
        await self.resize(width, height, scale)
        shot = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def resize(self, width: int, height: int, scale: float = 1) -> None:
        """The window in CSS pixels; narrow ones are phones."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def prefer(self, **features: str) -> None:
        """Media features such as `prefers_color_scheme="dark"`."""
        pairs = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.call("Emulation.setEmulatedMedia", features=pairs)

    async def crash(self) -> None:
        """Let its process die, so that it can tell nobody; nothing can be asked of it afterwards."""
        with contextlib.suppress(TimeoutError, PageError):
            await asyncio.wait_for(self.call("Page.crash"), _CRASH_S)

    async def close(self) -> None:
        """Close it as a person does."""
        await self._browser.call("Target.closeTarget", targetId=self.target_id)


class Browser:
    """The whole browser; `new_tab` opens pages in it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, Tab] = {}
        self.context_id: str | None = None

    async def call(self, method: str, session_id: str | None = None, **parameters: Any) -> Any:
        """A command of the protocol. Raises PageError where it is refused."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(message | ({"sessionId": session_id} if session_id else {})))
        return await asyncio.wait_for(self._answers[number], _WAIT_S)

    async def new_tab(self, url: str = "about:blank") -> Tab:
        """A tab that shows this address."""
        target = await self.call(
            "Target.createTarget", url="about:blank", browserContextId=self.context_id, newWindow=True
        )
        opened = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = self._tabs[opened["sessionId"]] = Tab(self, target["targetId"], opened["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            await tab.call(f"{domain}.enable")
        if url != "about:blank":
            await tab.go(url)
        return tab

    async def listen(self) -> None:
        """Hands answers to who waits for them; until the socket closes."""
        async for text in self._socket:
            message = json.loads(text)
            waiting = self._answers.pop(message.get("id", 0), None)
            if waiting is not None and not waiting.done():
                error = message.get("error")
                waiting.set_exception(PageError(str(error))) if error else waiting.set_result(
                    message["result"]
                )
            elif "method" in message and (tab := self._tabs.get(message.get("sessionId", ""))):
                tab.errors += _complaints(message["method"], message["params"])


@contextlib.contextmanager
def launched(profile: Path, *flags: str) -> Iterator[str]:
    """A browser with a fresh profile in this folder: its address. Killed with all its processes at the end."""
    assert PROGRAM is not None
    command = (PROGRAM, *_FLAGS, *flags, f"--user-data-dir={profile}", "about:blank")
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield _address(process, profile / "DevToolsActivePort")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.asynccontextmanager
async def attached(address: str) -> AsyncIterator[Browser]:
    """The browser at this address, as a person who was never here: no cookies, nothing stored."""
    async with connect(address, max_size=None, compression=None) as socket:
        browser = Browser(socket)
        listening = asyncio.create_task(browser.listen())
        try:
            person = await browser.call("Target.createBrowserContext")
            browser.context_id = person["browserContextId"]
            yield browser
            await browser.call("Target.disposeBrowserContext", browserContextId=browser.context_id)
        finally:
            listening.cancel()


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    clock, never = WallClock(), threading.Event()
    while clock.now_ns() < _START_S * 1e9 and process.poll() is None:
        lines = told.read_text().split() if told.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        clock.wait_until(clock.now_ns() + _LOOK_NS, never)
    raise PageError(f"the browser did not start within {_START_S:g} s")


def _complaints(method: str, parameters: dict[str, Any]) -> Sequence[str]:
    if method == "Runtime.exceptionThrown":
        details = parameters["exceptionDetails"]
        return [str(details.get("exception", {}).get("description", details.get("text")))]
    if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
        return [f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}".strip()]
    return []
