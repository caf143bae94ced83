"""The discriminants and the module that keeps them."""

import runpy

import numpy as np
import pytest

from millrace.apps.scoring.classical_fit import FIRST_SEED, Table, discriminant, write_tables


def test_classes_that_are_far_apart_are_told_apart_and_unknown_ones_are_never_named():
    rng = np.random.default_rng(0)
    means = {"a": (0, 0, 0), "b": (5, 0, 0), "c": (0, 5, 2)}
    features = np.concatenate([rng.normal(mean, 1, (100, 3)) for mean in means.values()])
    labels = [name for name in means for _ in range(100)]
    table = discriminant(features, labels, ("a", "b", "never", "c"))
    odds = features @ table[:, :-1].T + table[:, -1]
    named = np.array(["a", "b", "never", "c"])[odds.argmax(1)]
    assert (named == labels).mean() > 0.97
    assert "never" not in named


def test_written_tables_are_read_back(tmp_path):
    rows = np.random.default_rng(0).normal(0, 100, (3, 9))
    write_tables(tmp_path / "table.py", {"SOME_TABLE": Table(("x", "y", "z"), rows)})
    found = runpy.run_path(str(tmp_path / "table.py"))["SOME_TABLE"]
    assert found == pytest.approx(rows, rel=1e-3)


def test_it_is_fitted_on_training_worlds_alone():
    assert min(FIRST_SEED.values()) >= 1_000_000
