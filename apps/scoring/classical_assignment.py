"""The assignment problem: one column to each row at the least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(costs: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs (row, column) for finite costs [R, C], as many as the lesser side.

    The Hungarian method by shortest augmenting paths (Jonker and Volgenant, Computing 38, 1987).
    """
    if costs.shape[0] > costs.shape[1]:
        return sorted((row, column) for column, row in assign(costs.T))
    num_rows, num_columns = costs.shape
    row_price, column_price = np.zeros(num_rows), np.zeros(num_columns + 1)
    row_of = np.full(num_columns + 1, -1)  # the last column is where each search begins
    for row in range(num_rows):
        _augment(costs, row, row_price, column_price, row_of)
    return sorted((int(r), c) for c, r in enumerate(row_of[:-1].tolist()) if r >= 0)


def _augment(
    costs: NDArray[np.float64],
    row: int,
    row_price: NDArray[np.float64],
    column_price: NDArray[np.float64],
    row_of: NDArray[np.int64],
) -> None:
    """Find a column for one more row, moving others where that is cheaper."""
    num_columns = costs.shape[1]
    column = num_columns
    row_of[column] = row
    slack, before = np.full(num_columns, np.inf), np.full(num_columns, -1)
    is_done = np.zeros(num_columns + 1, bool)
    while row_of[column] >= 0:
        is_done[column] = True
        here = int(row_of[column])
        reduced = costs[here] - row_price[here] - column_price[:-1]
        is_better = ~is_done[:-1] & (reduced < slack)
        slack[is_better], before[is_better] = reduced[is_better], column
        following = int(np.argmin(np.where(is_done[:-1], np.inf, slack)))
        step = slack[following]
        row_price[row_of[is_done]] += step
        column_price[is_done] -= step
        slack[~is_done[:-1]] -= step
        column = following
    while column != num_columns:
        row_of[column] = row_of[before[column]]
        column = int(before[column])
    row_of[num_columns] = -1
