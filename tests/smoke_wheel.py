"""Installs a built wheel into an empty environment and runs it from another folder, as a user would.

    python tests/smoke_wheel.py dist/millrace-0.1.0-py3-none-any.whl

It is a program and not a test of pytest: it must not see the checkout that pytest runs in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INSTALL_LIMIT_S = 900
COMMAND_LIMIT_S = 120


def main() -> None:
    wheel = Path(sys.argv[1]).resolve(strict=True)
    with tempfile.TemporaryDirectory(prefix="millrace-wheel-") as folder:
        place = Path(folder)
        programs = install(wheel, place / "venv")
        elsewhere = place / "elsewhere"
        elsewhere.mkdir()
        check(programs, elsewhere)
    print("smoke: the wheel works from an empty environment")


def install(wheel: Path, environment: Path) -> Path:
    """The folder of programs of a fresh environment that holds the wheel and what it asks for, no extras."""
    venv.create(environment, with_pip=True)
    programs = environment / "bin"
    constraints = str(ROOT / "constraints.txt")
    say(f"installing {wheel.name} into an empty environment")
    command = [programs / "python", "-m", "pip", "install", "-q", "-c", constraints, str(wheel)]
    subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S, stdin=subprocess.DEVNULL)
    return programs


def check(programs: Path, elsewhere: Path) -> None:
    """Runs the installed command and looks at what it says."""
    where = run([programs / "python", "-c", "import millrace; print(millrace.__file__)"], elsewhere)
    expect(str(programs.parent) in where, f"the package is imported from the environment, not from {where}")
    expect(run([programs / "agent", "--version"], elsewhere).startswith("millrace "), "--version")
    doctor = json.loads(run([programs / "agent", "doctor", "--json", "-"], elsewhere))
    expect(doctor["can_run"] is True, "doctor says that `agent run` can work")
    report = elsewhere / "r.json"
    options = ["--fast", "--cams", "2", "--seconds", "6", "--json", str(report)]
    run([programs / "agent", "run", *options], elsewhere)
    check_report(json.loads(report.read_text(encoding="utf-8")))


def check_report(report: dict[str, Any]) -> None:
    """The report of six seconds of two rendered cameras at five ticks a second."""
    ticks, tokens, sources = report["ticks"], report["tokens"], report["sources"]
    expect("version" in report, "the report has a version")
    expect(28 <= ticks["count"] <= 31, f"six seconds are 30 ticks, not {ticks['count']}")
    expect(len(sources) == 2, f"two sources, not {len(sources)}")
    expect(all(source["frames_read"] > 0 for source in sources), "every camera was read")
    expect(0 < tokens["kept"] <= tokens["offered"], f"tokens {tokens}")
    say(f"{ticks['count']} ticks, {tokens['kept']} of {tokens['offered']} tokens")
    say(f"sentences: {[sentence['text'] for sentence in report['sentences']]}")


def run(command: list[object], folder: Path) -> str:
    words = [str(word) for word in command]
    say("$ " + " ".join([Path(words[0]).name, *words[1:]]))
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "MILLRACE"))
    }
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        timeout=COMMAND_LIMIT_S,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    output = done.stdout.decode()
    expect(done.returncode == 0, f"exit code {done.returncode}\n{output}\n{done.stderr.decode()}")
    return output


def expect(is_met: bool, what: str) -> None:
    if not is_met:
        sys.exit(f"smoke: FAILED: {what}")


def say(text: str) -> None:
    print(f"smoke: {text}", flush=True)


if __name__ == "__main__":
    main()
