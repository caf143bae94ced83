"""`/cameras`: which there are, and those that the owner named begun and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from .cameras import Cameras, CameraState
from .house import House
from .mosaic import to_jpeg
from .replies import Refusal, json_only


class CameraName(BaseModel):
    """What `POST /cameras` takes."""

    model_config = ConfigDict(extra="forbid")

    name: str


@dataclass(frozen=True, slots=True)
class CameraList:
    """What `GET /cameras` gives."""

    cameras: Sequence[CameraState]
    places: int
    free: int


def make_router(house: House, cameras: Cameras) -> APIRouter:
    """The routes of the cameras."""
    router = APIRouter(tags=["cameras"])

    @router.get("/cameras")
    async def list_cameras() -> CameraList:
        """All cameras: those that the owner named, and those that came by other doors."""
        seats = house.seats.all
        return CameraList(cameras.list(), len(seats), sum(not seat.is_taken for seat in seats))

    @router.post("/cameras", status_code=201, dependencies=[Depends(json_only)])
    async def start_camera(camera: CameraName) -> CameraState:
        """Start a camera that the owner named in `[cameras]`; no other source can be opened."""
        return await cameras.start(camera.name)

    @router.delete("/cameras/{name}")
    async def stop_camera(name: str) -> CameraState:
        """End a camera that was started here; the model remembers what it saw."""
        return await cameras.stop(name)

    @router.get(
        "/cameras/{name}/picture",
        response_class=Response,
        responses={204: {"description": "none has come yet"}},
    )
    async def picture(name: str) -> Response:
        """The newest picture that came from a camera, as JPEG, no larger than the agent reads it."""
        seat = house.seats.find(name)
        if seat is None or not seat.is_taken:
            raise Refusal(404, f"there is no camera {name[:40]!r} now; GET /cameras lists them")
        if seat.name not in house.frames:
            return Response(status_code=204)  # none has come yet
        jpeg = await asyncio.to_thread(to_jpeg, house.frames[seat.name])
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store"})

    return router
