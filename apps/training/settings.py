"""What a training run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigError


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One run, from nothing to weights. The defaults are those of the shipped model."""

    out: Path = Path("runs/nano")
    encoder_steps: int = 7_500
    encoder_batch: int = 64
    encoder_lr: float = 2e-3
    num_streams: int = 2_400
    stream_s: float = 24.0
    language_steps: int = 3_800
    language_rows: int = 8
    segment: int = 512  # tokens a row reads at once; state is carried to the next segment
    language_lr: float = 1.5e-3
    silence_weight: float = 0.25
    mlp_hidden: int = 384
    pattern: str = "MMMAMMMA"  # one letter a layer: Mamba-2 or attention
    exits: tuple[int, ...] = (4, 6)  # depths at which the text head is trained as well
    exit_weight: float = 0.15
    num_calibration: int = 24  # worlds on which the gate's threshold is chosen
    thresholds: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)
    workers: int = 2  # processes that render and read streams
    threads: int = 2
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "encoder_steps",
            "encoder_batch",
            "num_streams",
            "language_steps",
            "language_rows",
            "segment",
            "workers",
            "threads",
        ):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)}: give a whole number of at least 1")
        if self.stream_s < 4:
            raise ConfigError(
                f"stream_s={self.stream_s}: give at least 4 seconds, so that things can come and go"
            )


SMOKE: dict[str, Any] = {
    "encoder_steps": 60,
    "encoder_batch": 16,
    "num_streams": 8,
    "stream_s": 8.0,
    "language_steps": 12,
    "language_rows": 2,
    "segment": 256,
    "num_calibration": 1,
    "thresholds": (0.4, 0.6),
    "workers": 1,
    "threads": 1,
}
