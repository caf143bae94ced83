"""`/ask`, `/alerts` and `/budget`: questions, standing instructions, and the time that a tick has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from ...runtime.typed import is_standing
from ...streams.clock import NS_PER_MS, WallClock
from .house import House
from .limits import ServeLimits
from .lines import one_line
from .replies import Refusal, json_only
from .settings import ServeConfig

MIN_BUDGET_MS, MAX_BUDGET_MS = 10, 10_000
_STANDS_WITHIN_NS = 1000 * NS_PER_MS  # the tick after the line makes it stand
_LOOK_NS = 20 * NS_PER_MS


class Line(BaseModel):
    """A question, or an instruction that stands."""

    model_config = ConfigDict(extra="forbid")

    text: str


class BudgetWish(BaseModel):
    """What `PUT /budget` takes."""

    model_config = ConfigDict(extra="forbid")

    budget_ms: Annotated[float, Field(ge=MIN_BUDGET_MS, le=MAX_BUDGET_MS, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class AnswerReply:
    """What `POST /ask` gives."""

    answer: str
    seconds: float
    unknown: Sequence[str]  # words of the question that the model does not know; it left them out


@dataclass(frozen=True, slots=True)
class AlertReply:
    """An instruction that stands."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class AlertList:
    """What `GET /alerts` gives."""

    alerts: Sequence[AlertReply]


@dataclass(frozen=True, slots=True)
class BudgetReply:
    """The time from the moment a tick is due to its deadline."""

    budget_ms: float
    min_ms: float = MIN_BUDGET_MS
    max_ms: float = MAX_BUDGET_MS


def make_router(house: House, config: ServeConfig) -> APIRouter:
    """The routes for words."""
    router = APIRouter(tags=["words"])
    limits = config.limits

    @router.post("/ask", dependencies=[Depends(json_only)])
    async def ask(line: Line) -> AnswerReply:
        """Ask about what the cameras saw. 503 where no answer comes in time."""
        text = clean_line(line.text, limits)
        if is_standing(text):
            raise Refusal(422, "this is an instruction that stands; send it to POST /alerts")
        answer = await house.ask(text)
        return AnswerReply(answer.text, round(answer.seconds, 3), answer.unknown)

    @router.get("/alerts")
    async def list_alerts() -> AlertList:
        """The instructions that stand, oldest first."""
        return AlertList([_alert(text) for text in house.instructions])

    @router.post("/alerts", status_code=201, dependencies=[Depends(json_only)])
    async def add_alert(line: Line) -> AlertReply:
        """Let an instruction stand, such as `tell me when a car enters cam1`."""
        text = clean_line(line.text, limits)
        if not is_standing(text):
            raise Refusal(422, "an instruction begins with `tell me when`; send a question to POST /ask")
        standing = house.instructions
        if text not in standing and len(standing) >= limits.alerts:
            raise Refusal(409, f"{limits.alerts} instructions stand already; take one back first")
        house.instruct(text)
        await _until_it_stands(house, text)
        return _alert(text)

    @router.delete("/alerts/{id}", status_code=204)
    async def remove_alert(id: str) -> None:
        """Take an instruction back."""
        text = next((text for text in house.instructions if alert_id(text) == id), None)
        if text is None or not house.forget(text):
            raise Refusal(404, f"no instruction {id[:40]!r} stands; GET /alerts lists them")

    @router.get("/budget")
    async def get_budget() -> BudgetReply:
        """The budget of a tick."""
        return BudgetReply(house.session.budget_ns / NS_PER_MS)

    @router.put("/budget", dependencies=[Depends(json_only)])
    async def set_budget(wish: BudgetWish) -> BudgetReply:
        """Another budget from the next tick on."""
        house.set_budget(wish.budget_ms)
        return BudgetReply(wish.budget_ms)

    return router


def clean_line(text: str, limits: ServeLimits) -> str:
    """One line. Raises Refusal 422 where it is empty or too long."""
    line = one_line(text)
    if not line:
        raise Refusal(422, "text is empty; write a question")
    if len(line) > limits.question_chars:
        raise Refusal(422, f"text has {len(line)} characters; at most {limits.question_chars} are read")
    return line


def alert_id(text: str) -> str:
    """What an instruction is called in a path; the same text has the same."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _alert(text: str) -> AlertReply:
    return AlertReply(alert_id(text), text)


async def _until_it_stands(house: House, text: str) -> None:
    clock = WallClock()
    while text not in house.session.standing and clock.now_ns() < _STANDS_WITHIN_NS:
        await clock.sleep_until(clock.now_ns() + _LOOK_NS)
