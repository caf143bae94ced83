"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Model: TypeAlias = Annotated[
    str | None, typer.Option(help="`nano`, or the file of a trained model.", metavar="NAME|FILE")
]
BudgetMs: TypeAlias = Annotated[
    float | None, typer.Option(help="The time from a tick to its last word, 10 to 10000.", metavar="MS")
]
AlertConfidence: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="How sure a sentence must be to be an alert, 0 to 1 (0): fewer false alarms, more missed.",
        metavar="P",
    ),
]
