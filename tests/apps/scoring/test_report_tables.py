"""The tables of a score on a terminal."""

import io

from rich.console import Console

from millrace.apps.scoring.report import print_report


def test_however_many_sit_beside_the_model_every_figure_can_be_read_on_80_columns():
    names = ["model", "blind", "last_frame", "no_fovea", "classical", "depth_4", "depth_6", "no_attention"]
    figures = {name: 0.101 + 0.111 * n for n, name in enumerate(names)}

    def scores(value):
        return {"live": {"accuracy": value, "ci": [value, value], "n": 9}}

    report = {"model": "nano", **scores(figures["model"])}
    report |= {name: scores(value) for name, value in figures.items() if name != "model"}
    out = io.StringIO()
    print_report(Console(file=out, width=80), report, names)
    text = out.getvalue()
    assert all(f"{value:.3f}" in text for value in figures.values()) and "…" not in text
