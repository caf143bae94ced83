"""The summary that a run ends with."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..runtime.summary import RunSummary, SourceFigures


def closing(summary: RunSummary) -> RenderableType:
    """Sources, ticks, tokens and words of the whole run, for the terminal."""
    return Group(Text(), _sources(summary), Text(), *(Text(line) for line in _lines(summary)))


def _sources(summary: RunSummary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("source", no_wrap=True, max_width=16, overflow="ellipsis")
    for heading in ("frames in", "fps in", "read", "skipped", "passed", "dropped"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for source in summary.sources:
        table.add_row(*_cells(source))
    return table


def _cells(source: SourceFigures) -> list[Text]:
    counts = (source.frames_read, sum(source.skipped.values()), source.passed, source.dropped)
    return [
        Text(source.name),
        Text(f"{source.frames_in:,}"),
        Text(f"{source.fps_in:.1f}"),
        *(Text(f"{count:,}") for count in counts),
        Text(source.state, style="red" if source.state == "broken" else "dim"),
    ]


def _lines(summary: RunSummary) -> list[str]:
    ticks, tokens = summary.ticks, summary.tokens
    saved = f", {1 - tokens.kept / tokens.offered:.0%} saved" if tokens.offered else ""
    # Played fast there is no deadline: a tick takes as long as it takes.
    in_time = (
        f"{ticks.count:,} ticks as fast as possible"
        if summary.mode == "fast"
        else f"{ticks.count - ticks.late:,} of {ticks.count:,} ticks within {summary.budget_ms:.0f} ms"
    )
    return [
        f"{summary.seconds:.1f} s, {in_time} (p50 {ticks.p50_ms:.0f}, p95 {ticks.p95_ms:.0f},"
        f" p99 {ticks.p99_ms:.0f} ms)",
        f"{tokens.kept:,} of {tokens.offered:,} tokens read{saved}; {summary.num_sentences:,} sentences,"
        f" {summary.num_words:,} words; {summary.memory.rss_mb_end:,.0f} MB",
    ]
