"""`agent compare`: reports of `agent score` side by side, as the table of an ablation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..errors import ConfigError
from .report_file import check_writable, write_text
from .scoring.comparison import Cell, Row, compare, comparison_page, difference_text


def command(
    reports: Annotated[
        list[str],
        typer.Argument(
            help="Reports that `agent score --json` wrote, the base first; `name=` may stand in front, and behind it "
            "one who sat the exam beside the model.",
            metavar="[NAME=]FILE.json[:EXAMINEE]...",
        ),
    ],
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write the table as a page; `-` prints it.")
    ] = None,
) -> None:
    """Put scores side by side: what a change bought, and whether it is more than chance.

    Under each figure stands what it differs by from the first report, with a 95 % interval: drawn again world by world
    where both reports count the same worlds (narration, questions, alerts), else as of two runs that know nothing of each
    other.

    **Examples**

    - `agent compare full=a.json no-sound=b.json no-fovea=c.json --html ablation.html`

    - `agent compare s.json s.json:no_fovea s.json:classical`: those of one `agent score --baselines`
    """
    if html_file is not None:
        check_writable(html_file)
    names, found = zip(*(_read(text) for text in reports), strict=True)
    if len(found) < 2:
        raise ConfigError(f"{reports[0]}: nothing to compare it with; give two reports or more")
    rows = compare(found)
    Console().print(_table(names, rows))
    if html_file is not None:
        write_text(html_file, comparison_page(names, rows))


def _read(text: str) -> tuple[str, dict[str, Any]]:
    """A report and its name: what stands before `=`, else the examinee, else the name of the file."""
    name, separator, place = text.partition("=")
    place = place if separator else text
    file, _, examinee = place.rpartition(":")
    if not file or not examinee.isidentifier():
        file, examinee = place, ""
    path = Path(file)
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; `agent score --json {path}` writes one") from None
    except ValueError:
        report = None
    if not isinstance(report, dict) or "worlds" not in report:
        raise ConfigError(f"{path}: not a report; give what `agent score --json` wrote")
    part = _part_of(report, examinee, path) if examinee else report
    return (name if separator else examinee or path.stem), part


def _part_of(report: dict[str, Any], examinee: str, path: Path) -> dict[str, Any]:
    # Only the document of an examinee, not a part of one such as `shapes`, says what was taken for what.
    known = [name for name, part in report.items() if isinstance(part, dict) and "confusions" in part]
    if examinee not in known:
        raise ConfigError(
            f"{path}:{examinee}: nobody of that name sat this exam; it has {', '.join(known) or 'the model alone'}"
        )
    part: dict[str, Any] = report[examinee]
    return part


def _table(names: Sequence[str], rows: Sequence[Row]) -> Table:
    table = Table(title=f"Beside {names[0]}", title_justify="left")
    table.add_column("", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.name, *(_shown(cell) for cell in row.cells))
    return table


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return ""
    differs = difference_text(cell)
    return f"{cell.value:.3f}" + (
        f"\n[bold]{differs}[/]" if cell.is_clear else f"\n[dim]{differs}[/]"
    ) * bool(differs)
