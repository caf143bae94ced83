from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from millrace import __version__
from millrace.apps import cli
from millrace.apps.cli import COMMANDS, Command, run_cli
from millrace.errors import SourceError

AGENT = Path(sys.executable).with_name("agent")


def agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AGENT, *arguments], capture_output=True, text=True, timeout=60, check=False)


def with_command(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Adds the command `agent fail`, which raises the error."""

    def fail() -> None:
        raise error

    class Failing(Command):
        def load(self) -> object:
            return fail

    monkeypatch.setattr(cli, "COMMANDS", (*COMMANDS, Failing(("fail",), "fail", "Fails.")))


def test_the_installed_command_tells_its_version() -> None:
    done = agent("--version")
    assert (done.returncode, done.stdout) == (0, f"millrace {__version__}\n")


def test_help_names_every_command_and_shows_examples() -> None:
    done = agent("--help")
    assert done.returncode == 0
    assert all(command.words[0] in done.stdout for command in COMMANDS)
    assert "agent run --cams 4" in done.stdout


def test_help_does_not_import_what_was_not_asked_for() -> None:
    program = (
        "import sys; from millrace.apps import cli; cli.run_cli(['--help']); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_every_command_can_be_loaded_and_explains_itself(command: Command) -> None:
    assert command.load().__doc__
    assert run_cli([*command.words, "--help"]) == 0


def test_an_unknown_command_is_refused() -> None:
    done = agent("fly")
    assert done.returncode == 2
    assert "No such command 'fly'" in done.stderr


def test_an_unknown_option_is_refused() -> None:
    done = agent("doctor", "--fast")
    assert done.returncode == 2
    assert "--fast" in done.stderr


def test_an_error_made_on_purpose_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_command(monkeypatch, SourceError("clip.mp4: no such file;\n  check the path"))
    assert run_cli(["fail"]) == 2
    assert capsys.readouterr().err == "error: clip.mp4: no such file; check the path\n"


def test_an_unexpected_error_is_one_line_that_tells_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_command(monkeypatch, ZeroDivisionError("division by zero"))
    assert run_cli(["fail"]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: unexpected ZeroDivisionError: division by zero")
    assert "--debug" in complaint and complaint.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with_command(monkeypatch, ZeroDivisionError("division by zero"))
    assert run_cli(arguments) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_ends_with_the_code_that_shells_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, KeyboardInterrupt())
    assert run_cli(["fail"]) == 130


def test_a_command_may_choose_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, typer.Exit(7))
    assert run_cli(["fail"]) == 7


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    done = subprocess.run(
        f"'{AGENT}' doctor | true", shell=True, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
