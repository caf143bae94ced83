"""The `agent` command: which sub-commands there are, and how a failure reaches the person who typed it.

A sub-command is a module of this package with a function `command`; a new one adds a line to `COMMANDS`.
Only the module that was asked for is imported, so that `agent --help` costs nothing.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from .. import __version__
from ..errors import MillraceError

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command: the words that a person types, the module that has its `command`, a line of help."""

    words: tuple[str, ...]
    module: str
    summary: str

    def load(self) -> Callable[..., Any]:
        function: Callable[..., Any] = import_module(f".{self.module}", __package__).command
        return function


COMMANDS = (
    Command(("run",), "run", "Cameras and sound in, sentences out, in time."),
    Command(("serve",), "serve", "The doors: a page, WHIP, WHEP, Realtime, events, RTSP cameras."),
    Command(("devices",), "devices", "The cameras and microphones found, and what to type for each."),
    Command(("doctor",), "doctor", "What works here, and the command that mends what does not."),
    Command(("world",), "world", "Write a rendered camera as a video file, with its exact log."),
    Command(("train",), "train", "Train the small model from nothing on rendered scenes."),
    Command(("score",), "score", "Score a model on scenes never trained on, or on labelled clips."),
    Command(("compare",), "compare", "Put scores side by side: what a change bought, with intervals."),
    Command(("bench", "ingest"), "bench_ingest", "Read, decode, sample and encode against bare decoding."),
    Command(("bench", "engine"), "bench_engine", "This backbone against the same model in transformers."),
    Command(
        ("bench", "doors"), "bench_doors", "Four 720p cameras at the doors: loop lag, ticks in time, drops."
    ),
    Command(("bench", "dirt"), "bench_dirt", "What each dirt of the pictures costs the narration."),
    Command(("bench", "clips"), "bench_clips", "What dirt on the pictures of real clips costs."),
    Command(("bench", "window"), "bench_window", "What the attention window is worth, and what it costs."),
    Command(("bench", "outliers"), "bench_outliers", "Activations without outliers, and rounded weights."),
)

EPILOG = """**Examples**

- `agent run --cams 4`: four cameras, or rendered ones where there are none

- `agent run --source 0 --source door=clip.mp4 --source mic`: a camera, a file with a name, the microphone

- `agent serve`: the page for browsers, and the doors for other programs

- `agent doctor`: when something does not work
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"millrace {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")
    ] = False,
) -> None:
    """Millrace watches cameras, listens, and says what happens, in time."""


def _not_asked_for() -> None:
    """Stands in `agent --help` for a sub-command whose module is not imported."""


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments; sub-commands that they do not name are there by their summary."""
    app = _group()
    app.callback(epilog=EPILOG)(_root)
    groups: dict[str, typer.Typer] = {}
    for command in COMMANDS:
        *parents, name = command.words
        parent = app
        for word in parents:
            if word not in groups:
                groups[word] = _group()
                app.add_typer(groups[word], name=word, help="Measure beside the alternatives, in one run.")
            parent = groups[word]
        is_asked_for = set(command.words) <= set(arguments)
        function = command.load() if is_asked_for else _not_asked_for
        parent.command(name, short_help=command.summary)(function)
    return app


def _group() -> typer.Typer:
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run_cli(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code: 0 done, 1 unexpected, 2 refused, 130 interrupted."""
    is_debug = "--debug" in arguments or bool(os.environ.get("MILLRACE_DEBUG"))
    plain = [argument for argument in arguments if argument != "--debug"]
    try:
        build_app(plain)(args=plain, prog_name="agent")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the exit would complain again
        return 1
    except MillraceError as error:
        return _complain(_one_line(str(error)), error.exit_code, is_debug)
    except Exception as error:
        hint = "" if is_debug else "; `agent --debug ...` shows where"
        return _complain(f"unexpected {type(error).__name__}: {_one_line(str(error))}{hint}", 1, is_debug)
    return 0


def _complain(message: str, exit_code: int, is_debug: bool) -> int:
    if is_debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    return exit_code


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """The entry point of the installed `agent` command."""
    sys.exit(run_cli(sys.argv[1:]))
