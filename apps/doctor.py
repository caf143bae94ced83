"""`agent doctor`: what works here, what is missing, and the exact command that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import __version__
from .checks import CHECKS
from .checks.finding import Finding, Verdict, run_check
from .report_file import write_json

MARKS = {Verdict.OK: ("✓", "green"), Verdict.NOTE: ("•", "yellow"), Verdict.MISSING: ("✗", "red bold")}


def command(
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the findings as JSON, too; `-` prints only them."),
    ] = None,
) -> None:
    """What works here, what is missing, and the exact command that mends it.

    The exit code is 0 if `agent run` can work, else 1.
    """
    findings = [run_check(check) for check in CHECKS]
    if json_file is not None:
        write_json(json_file, as_json(findings))
    if json_file is None or str(json_file) != "-":
        _print(findings)
    if not can_run(findings):
        raise typer.Exit(1)


def can_run(findings: Sequence[Finding]) -> bool:
    return all(finding.verdict is not Verdict.MISSING for finding in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "version": __version__,
        "can_run": can_run(findings),
        "findings": [asdict(finding) for finding in findings],
    }


def _print(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    console.print(findings_table(findings))
    for finding in findings:
        if finding.mend:
            console.print(f"\n{finding.name}: {finding.detail}", style="dim", markup=False)
            console.print(f"  {finding.mend}", style="bold", markup=False, soft_wrap=True)
    verdict = "`agent run` can work here." if can_run(findings) else "`agent run` cannot work here yet."
    console.print(f"\n{verdict}", style="green" if can_run(findings) else "red", markup=False)


def findings_table(findings: Sequence[Finding]) -> Table:
    """One line a check."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, colour = MARKS[finding.verdict]
        table.add_row(Text(mark, style=colour), Text(finding.name), Text(finding.detail, style="dim"))
    return table
