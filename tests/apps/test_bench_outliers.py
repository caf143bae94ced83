"""Outliers are found where they are, and rounding is rounding."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from millrace.apps import bench_outliers as bench
from millrace.apps.bench_outliers import PLACES, bench_outliers, rounded, spread, spreads
from millrace.apps.cli import run_cli
from millrace.apps.scoring.papers import Setting
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.words import all_words

WORLD = Setting("shapes", 90_001, 1, "easy", 4.0)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def narrator():
    torch.manual_seed(0)
    shape = HybridConfig(d_model=64, pattern="MA", num_heads=2, num_kv_heads=1, mlp_hidden=64, window=64)
    return Narrator(NarratorConfig(shape, EncoderConfig(), all_words())).eval()


def test_a_normal_spread_has_kurtosis_three_and_one_far_value_shows():
    x = torch.randn(200, 100, generator=torch.Generator().manual_seed(0))
    assert spread(x).kurtosis == pytest.approx(3.0, abs=0.2)
    x[3, 5] = 300.0
    found = spread(x)
    assert found.kurtosis > 1000
    assert found.max_to_median == pytest.approx(300 / x.abs().median().item(), rel=0.01)


def test_a_layer_with_an_outlier_is_told_from_one_without(narrator):
    x = torch.randn(1, 50, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        narrator.backbone.layers[1].mlp.down.weight[7] *= 300.0
    first, second = spreads(narrator, [x, x[:, :30]])
    assert (first.number, first.kind, second.number, second.kind) == (1, "M", 2, "A")
    assert set(first.places) == set(second.places) == set(PLACES)
    assert second.places["stream"].kurtosis > 5 * first.places["stream"].kurtosis
    assert not narrator.backbone.layers[0]._forward_hooks


@pytest.mark.parametrize("bits", [8, 4])
def test_each_row_is_rounded_by_its_own_largest_weight(narrator, bits):
    weight = narrator.backbone.layers[0].mlp.down.weight.detach()
    before = weight.clone()
    near = rounded(narrator, bits).backbone.layers[0].mlp.down.weight
    assert torch.equal(weight, before)
    step = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
    assert ((near - weight).abs() <= step / 2 + 1e-6).all() and (near != weight).any()
    assert all(len(row.unique()) <= 2**bits - 1 for row in near)


def test_the_coarser_the_weights_the_less_it_says_the_same():
    result = bench_outliers(Narrator.load(), [replace(WORLD, scene="busy", duration_s=8.0)], [8, 2])
    assert result.num_tokens > 50 and [layer.kind for layer in result.layers] == list("MMMAMMMA")
    whole, fine, coarse = result.rounded
    assert (whole.bits, fine.bits, coarse.bits) == (32, 8, 2)
    assert whole.agreement == 1.0 >= fine.agreement > 0.5 > coarse.agreement
    assert whole.f1 > coarse.f1


def test_the_command_writes_a_report_and_two_tables(narrator, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "PAPERS", {"shapes": (WORLD,), "things": (WORLD,)})
    path, model = tmp_path / "r.json", tmp_path / "small.safetensors"
    save_narrator(narrator, model)
    assert run_cli(["bench", "outliers", "--model", str(model), "--worlds", "2", "--json", str(path)]) == 0
    report = json.loads(path.read_text())
    assert [row["bits"] for row in report["rounded"]] == [32, 8, 6, 4]
    shown = capsys.readouterr().out
    assert "Kurtosis" in shown and "narration F1" in shown and "2 A" in shown
