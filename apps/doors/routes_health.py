"""`/healthz`, `/metrics` and the login: what watches over the server, and who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from ...streams.clock import NS_PER_S, monotonic_ns
from .logins import AGE_S, Logins, cookie_name
from .metrics import ServeMetrics
from .replies import Refusal
from .settings import ServeConfig
from .visitor import Visitor

STALLED_S = 3.0  # without a tick


@dataclass(frozen=True, slots=True)
class Health:
    """How the session is, made by `health_of`."""

    status: str  # ok, starting, stalled, ended
    why: str = ""

    @property
    def is_good(self) -> bool:
        return self.status == "ok"


def health_of(failure: str, last_tick_ns: int | None, now_ns: int) -> Health:
    """The health from why the session ended (empty while it runs) and when its last tick was."""
    if failure:
        return Health("ended", failure)
    if last_tick_ns is None:
        return Health("starting", "the session has not ticked yet; wait a few seconds")
    quiet_s = (now_ns - last_tick_ns) / NS_PER_S
    if quiet_s > STALLED_S:
        return Health("stalled", f"no tick for {quiet_s:.1f} s; the machine may be overloaded")
    return Health("ok")


def make_router(
    config: ServeConfig, metrics: ServeMetrics, logins: Logins, failure: Callable[[], str]
) -> APIRouter:
    """The routes; `failure` tells why the session ended."""
    router = APIRouter(tags=["server"])

    @router.get("/healthz", responses={503: {"description": "the session does not tick"}})
    async def healthz() -> Response:
        """200 while the session ticks, else 503 and why."""
        health = health_of(failure(), metrics.last_tick_ns, monotonic_ns())
        return JSONResponse(asdict(health), 200 if health.is_good else 503, {"cache-control": "no-store"})

    @router.get("/metrics")
    async def get_metrics() -> Response:
        """All figures for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @router.post("/login", status_code=204)
    async def log_in(request: Request, response: Response) -> None:
        """Send the token once, as a bearer or as `{"token": ...}`; a cookie then stands for it everywhere."""
        if not logins.is_needed:
            return
        address = request.client.host if request.client is not None else "unknown"
        logins.check_token(await _token_of(request), address)
        response.set_cookie(
            _cookie(request),
            logins.open(),
            max_age=AGE_S,
            secure=config.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    @router.delete("/login", status_code=204)
    async def log_out(request: Request, response: Response) -> None:
        """The cookie is good no more."""
        logins.close(request.cookies.get(_cookie(request), ""))
        response.delete_cookie(_cookie(request))

    return router


def _cookie(request: Request) -> str:
    return cookie_name((request.scope.get("server") or ("", 0))[1] or 0)


async def _token_of(request: Request) -> str:
    if bearer := Visitor(request.scope).bearer:
        return bearer
    try:
        body = json.loads(await request.body())
        return str(body["token"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refusal(401, 'send the token: {"token": "..."}', "unauthorized") from None
