import json
from pathlib import Path

import pytest
import torch

pytest.importorskip("transformers", reason="transformers is the peer of this benchmark")

from millrace.apps import bench_engine as bench
from millrace.apps.bench_engine import bench_engine, describe
from millrace.errors import ConfigError
from millrace.generation.config import HybridConfig

SMALL = HybridConfig(
    d_model=32,
    pattern="MA",
    num_heads=4,
    head_dim=8,
    ssm_state=16,
    ssm_head_dim=16,
    chunk_len=16,
    mlp_hidden=48,
)


def test_both_sides_agree_and_are_timed() -> None:
    result = bench_engine(SMALL, num_read=20, num_written=3, num_repeats=2)
    assert result.largest_difference < 1e-3
    for side in (result.engine, result.transformers):
        assert side.read_ms > 0 and side.write_ms_per_token > 0
    for ratio in (result.read_ratio, result.write_ratio):
        assert 0 < ratio.lower_quartile <= ratio.median <= ratio.upper_quartile
    assert "20 tokens" in describe(result)[2]


def test_models_that_differ_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    make = bench.bamba_twin

    def other(model: object) -> object:
        twin = make(model)
        with torch.no_grad():
            twin.layers[0].mamba.in_proj.weight.mul_(1.1)
        return twin

    monkeypatch.setattr(bench, "bamba_twin", other)
    with pytest.raises(ConfigError, match="have to agree"):
        bench_engine(SMALL, num_read=20, num_written=3, num_repeats=2)


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(ConfigError, match="0 read"):
        bench_engine(SMALL, num_read=0)


def test_the_command_writes_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = bench_engine(SMALL, num_read=4, num_written=2, num_repeats=2)
    monkeypatch.setattr(bench, "bench_engine", lambda **_: result)
    bench.command(repeats=2, threads=torch.get_num_threads(), json_file=tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["read_ratio"]["median"] == result.read_ratio.median
