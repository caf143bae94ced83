"""Programs: the `agent` command, training, scoring, benchmarks."""
