"""One column to each row."""

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from millrace.apps.scoring.classical_assignment import assign


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 1000))
def test_no_other_assignment_is_cheaper(num_rows, num_columns, seed):
    costs = np.random.default_rng(seed).integers(0, 20, (num_rows, num_columns)).astype(float)
    pairs = assign(costs)
    assert len(pairs) == min(costs.shape)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    short = costs if num_rows <= num_columns else costs.T
    best = min(
        sum(short[row, column] for row, column in enumerate(columns))
        for columns in permutations(range(short.shape[1]), len(short))
    )
    assert sum(costs[pair] for pair in pairs) == best
