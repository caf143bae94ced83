"""`agent devices`: the cameras and microphones of this machine, and what to type for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import MissingDependencyError
from .report_file import write_json


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can be a source, made by `find_devices`."""

    kind: str  # camera or microphone
    source: str  # what to type
    name: str


def command(
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Write what was found as JSON, too; `-` prints only that."
        ),
    ] = None,
) -> None:
    """The cameras and microphones found, and what to type for each: as in `agent run --source mic`."""
    devices, notes = find_devices()
    if json_file is not None:
        found = [{"kind": device.kind, "source": device.source, "name": device.name} for device in devices]
        write_json(json_file, {"devices": found, "notes": notes})
    if json_file is None or str(json_file) != "-":
        _print(devices, notes)


def find_devices() -> tuple[list[Device], list[str]]:
    """What is there, and a line for each kind of which nothing is there."""
    from ..streams.devices import list_cameras, list_microphones

    cameras = [Device("camera", camera.path, camera.name) for camera in list_cameras()]
    notes = [] if cameras else ["no camera was found; `agent run` renders some instead"]
    try:
        microphones = [
            Device(
                "microphone", f"mic:{one.index}", f"{one.name}{' (default: mic)' if one.is_default else ''}"
            )
            for one in list_microphones()
        ]
        notes += [] if microphones else ["no microphone was found"]
    except MissingDependencyError as error:
        microphones = []
        notes.append(str(error))
    return [*cameras, *microphones], notes


def _print(devices: Sequence[Device], notes: Sequence[str]) -> None:
    console = Console(highlight=False)
    if devices:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for heading in ("kind", "--source", "name"):
            table.add_column(heading)
        for device in devices:
            table.add_row(device.kind, Text(device.source, style="bold"), Text(device.name))
        console.print(table)
    for note in notes:
        console.print(note, style="yellow", markup=False)
