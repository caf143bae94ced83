"""The page and the list of doors: plain files and plain HTML, from this machine alone."""

from __future__ import annotations

import base64
import hashlib
import html
import mimetypes
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from .replies import Refusal

_FOLDER = "page"
_INDEX = "index.html"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "td{padding:.2rem 1rem .2rem 0;vertical-align:top}code{white-space:nowrap}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page, held in memory."""

    content: bytes
    media_type: str
    etag: str


def load_page() -> Mapping[str, PageFile]:
    """The files of the page by their names; empty where the package has none."""
    folder = files(__package__).joinpath(_FOLDER)
    if not folder.is_dir():
        return {}
    plain = [each for each in folder.iterdir() if each.is_file() and not each.name.endswith((".py", ".pyc"))]
    return {each.name: _page_file(each.name, each.read_bytes()) for each in plain}


def open_paths(page: Mapping[str, PageFile]) -> Collection[str]:
    """The paths that anybody may load: they hold nothing but the page itself."""
    return {"/", *(f"/{_FOLDER}/{name}" for name in page)}


def make_router(page: Mapping[str, PageFile]) -> APIRouter:
    """The page at `/`, its files under `/page/`, and the list of doors at `/docs`."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        return _send(request, page.get(_INDEX))

    @router.api_route(f"/{_FOLDER}/{{name}}", methods=["GET", "HEAD"])
    async def page_file(request: Request, name: str) -> Response:
        return _send(request, page.get(name))

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
        return HTMLResponse(list_doors(request.app), headers={"content-security-policy": policy})

    return router


def list_doors(app: FastAPI) -> str:
    """All routes as one HTML page without a script."""
    rows = []
    for path, methods in app.openapi()["paths"].items():
        for method, route in methods.items():
            told = route.get("description") or route.get("summary", "")
            cells = (f"<code>{method.upper()}</code>", f"<code>{html.escape(path)}</code>", html.escape(told))
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Millrace: doors</title><style>{_STYLE}</style><h1>Doors</h1>"
        f"<p>{html.escape(app.description)}</p>"
        "<p>The same for programs: <a href=openapi.json>openapi.json</a>. WebSocket: <code>/v1/realtime</code>.</p>"
        f"<table>{''.join(rows)}</table></html>"
    )


def _send(request: Request, found: PageFile | None) -> Response:
    if found is None:
        raise Refusal(404, f"there is no page {request.url.path[:80]}")
    headers = {"etag": found.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _page_file(name: str, content: bytes) -> PageFile:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # A machine's own table may know JavaScript by an older name, which browsers refuse for modules.
    media_type = "text/javascript" if name.endswith((".js", ".mjs")) else media_type
    return PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:16]}"')
