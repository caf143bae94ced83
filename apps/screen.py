"""The live screen: draws a `ScreenState`, from 80 columns up. Pure: the same state gives the same picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..streams.world.language import ALERT
from .screen_state import ACTIVITY_TICKS, ScreenState, SourceRow
from .thumbnails import GAP, Thumbnails, ThumbnailSize, shrink

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")
STAGE_COLOURS = ("blue", "cyan", "green", "white", "yellow", "magenta", "bright_black")
STATE_COLOURS = {"live": "green", "silent": "yellow", "broken": "red bold", "ended": "bright_black"}
LEVELS = " ▁▂▃▄▅▆▇█"
NUM_SENTENCES = 8


def render(
    state: ScreenState,
    width: int = 80,
    num_sentences: int = NUM_SENTENCES,
    thumbnails: Thumbnails | None = None,
) -> RenderableType:
    """The whole screen, of a height that does not change while the same sources run.

    `thumbnails` are made beforehand (`draw_thumbnails`), so that they can be drawn less often than the rest.
    """
    return Group(
        _headline(state),
        _source_table(state),
        _tick_line(state, width),
        _stage_line(state),
        *_picture_lines(state, thumbnails),
        Text(),
        *_sentence_lines(state, num_sentences),
    )


def render_text(state: ScreenState, width: int = 80) -> str:
    """The screen as plain text, for tests and for people who cannot see colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(render(state, width))
    return capture.get()


def draw_thumbnails(state: ScreenState, size: ThumbnailSize) -> Thumbnails:
    """What each camera of the state sees, side by side."""
    frames = [state.frames.get(name) for name in state.cameras]
    return Thumbnails([shrink(None if frame is None else frame.pixels, size) for frame in frames])


def _picture_lines(state: ScreenState, thumbnails: Thumbnails | None) -> Sequence[RenderableType]:
    return () if thumbnails is None else (_name_line(state, thumbnails.size.columns), thumbnails)


def _name_line(state: ScreenState, columns: int) -> Text:
    """The name of each camera over its picture."""
    line = Text("\n")
    for number, name in enumerate(state.cameras):
        cell = Text(name, f"bold {colour_of(name, list(state.rows))}")
        cell.truncate(columns, overflow="ellipsis", pad=True)
        line.append_text(cell if not number else Text(" " * GAP).append_text(cell))
    return line


def _headline(state: ScreenState) -> Text:
    pace = (
        f"budget {state.budget_ns / 1e6:.0f} ms" if state.is_realtime else "as fast as the files can be read"
    )
    line = Text.assemble(
        ("millrace ", "bold"), (f"{state.model} · {len(state.rows)} sources · {pace}", "dim")
    )
    return Text.assemble(line, (f" · {_clock(state.now_ns)}", "bold"))


def _clock(t_ns: int) -> str:
    minutes, seconds = divmod(t_ns / 1e9, 60)
    return f"{int(minutes):02d}:{seconds:04.1f}"


def _source_table(state: ScreenState) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 1), pad_edge=False, header_style="dim", expand=False)
    table.add_column("source", min_width=8, max_width=16, no_wrap=True, overflow="ellipsis")
    table.add_column("state", min_width=7, no_wrap=True)
    for heading, least in (("fps in", 6), ("read", 6), ("offered", 9), ("kept", 7), ("saved", 5)):
        table.add_column(heading, justify="right", min_width=least, no_wrap=True)
    table.add_column("tokens a tick", min_width=ACTIVITY_TICKS + 1, no_wrap=True)
    highest = max((kept for row in state.rows.values() for kept in row.activity), default=0)
    for row in state.rows.values():
        table.add_row(*_cells(row, colour_of(row.name, list(state.rows)), highest))
    return table


def _cells(row: SourceRow, colour: str, highest: int) -> Sequence[Text]:
    return (
        Text(row.name, style=colour),
        Text(row.state, style=STATE_COLOURS.get(row.state, "dim")),
        Text("" if row.fps_in is None else f"{row.fps_in:.1f}"),
        Text(f"{row.num_read:,}" if row.num_read else ""),
        Text(f"{row.num_offered:,}"),
        Text(f"{row.num_kept:,}"),
        Text("" if row.saved is None else f"{row.saved:.0%}"),
        Text(activity_bar(row.activity, highest), style=colour),
    )


def activity_bar(values: Sequence[int], highest: int) -> str:
    """One character a value, oldest first; any value above nought is seen."""
    top = len(LEVELS) - 1
    return "".join(LEVELS[-(-value * top // highest) if highest else 0] for value in values)


def colour_of(name: str, names: Sequence[str]) -> str:
    return COLOURS[names.index(name) % len(COLOURS)] if name in names else "white"


def _tick_line(state: ScreenState, width: int) -> Text:
    last_ns = state.ticks_ns[-1] if state.ticks_ns else 0
    met = state.num_ticks - state.num_late
    numbers = (
        f" {last_ns / 1e6:4.0f} of {state.budget_ns / 1e6:.0f} ms"
        f"  met {met:,} of {state.num_ticks:,}  {_percentiles(state)}  {_memory(state)}"
    )
    bar_width = max(8, min(40, width - 7 - len(numbers)))
    return Text.assemble("\ntick ", _cost_bar(state, bar_width), (numbers, "red" if state.is_late else ""))


def _percentiles(state: ScreenState) -> str:
    p50, p95 = state.percentile_ms(50), state.percentile_ms(95)
    return "" if p50 is None or p95 is None else f"p50 {p50:.0f} p95 {p95:.0f}"


def _memory(state: ScreenState) -> str:
    return "" if state.rss_mb is None else f"{state.rss_mb:,.0f} MB"


def _cost_bar(state: ScreenState, width: int) -> Text:
    """The last tick's stages side by side, in their colours, against the whole budget."""
    bar = Text()
    spent_ns = 0
    for (_, cost_ns), colour in zip(state.costs_ns.items(), _stage_colours(state), strict=False):
        start, spent_ns = _cell(spent_ns, state, width), spent_ns + cost_ns
        bar.append("█" * (_cell(spent_ns, state, width) - start), style=colour)
    return bar.append("░" * (width - len(bar)), style="dim")


def _cell(t_ns: int, state: ScreenState, width: int) -> int:
    return min(width, round(width * t_ns / state.budget_ns))


def _stage_colours(state: ScreenState) -> Sequence[str]:
    return [STAGE_COLOURS[place % len(STAGE_COLOURS)] for place in range(len(state.costs_ns))]


def _stage_line(state: ScreenState) -> Text:
    parts = [
        Text.assemble(("█", colour), f"{stage} {cost_ns / 1e6:.0f}")
        for (stage, cost_ns), colour in zip(state.costs_ns.items(), _stage_colours(state), strict=True)
    ]
    line = Text("     ").append_text(Text(" ").join(parts))
    return line.append(" ms" if parts else "")


def _sentence_lines(state: ScreenState, num_lines: int) -> Sequence[Text]:
    names = list(state.rows)
    notes = [sentence_line(note.t_ns, note.detail, None, names) for note in state.notes]
    for note in notes:
        note.stylize("red")
    room = max(1, num_lines - len(notes) - 1)
    lines = [
        sentence_line(said.t_ns, said.text, said.camera, names) for said in list(state.sentences)[-room:]
    ]
    waiting = "" if lines or state.words else _waiting(state)
    lines.append(Text.assemble(" " * 10, state.unfinished, ("▌", "blink"), (waiting, "dim")))
    lines += notes
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return [*lines, *[Text()] * (num_lines - len(lines))]


def _waiting(state: ScreenState) -> str:
    """What a person waits for before the first word."""
    return " watching: a sentence comes when something happens" if state.num_ticks else " warming up"


def sentence_line(t_ns: int, text: str, camera: str | None, names: Sequence[str]) -> Text:
    """`  12.4 s  door: a red disc enters`: the camera by the name it was given, in its colour; alerts stand out."""
    time = Text(f"{t_ns / 1e9:6.1f} s  ", style="dim")
    head, separator, rest = text.partition(":")
    marked = [("ALERT ", "bold red")] if head.startswith(f"{ALERT} ") else []
    if camera is None or not separator:
        return Text.assemble(
            time, *marked, (text.removeprefix(f"{ALERT} "), "bold" if head == "reply" else "not dim")
        )
    return Text.assemble(time, *marked, (camera, f"bold {colour_of(camera, names)}"), f":{rest}")
