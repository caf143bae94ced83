"""Weights on disk: one safetensors file in bfloat16, with the model's shape and words in its header."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ..errors import CheckpointError
from ..files import write_whole
from ..perception.encoder import EncoderConfig
from .config import HybridConfig
from .narrator import Narrator, NarratorConfig

FORMAT = "millrace-narrator-1"
SHIPPED = "nano.safetensors"

_CLOCK = "embedding.clock.weight"
_FIRST_STEM = (24, 48, 96)  # of the encoder, from before its sizes were written down


def save_narrator(narrator: Narrator, path: Path) -> None:
    """Write weights and shape; the file appears whole or not at all. Raises CheckpointError."""
    tensors = {
        name: tensor.detach().to(torch.bfloat16).contiguous()
        for name, tensor in narrator.state_dict().items()
    }
    header = {"format": FORMAT, "config": json.dumps(asdict(narrator.config))}
    write_whole(path, save(tensors, header))


def load_narrator(path: Path | None = None) -> Narrator:
    """The model of a file, in float32 and ready to run; None is the one that ships. Raises CheckpointError."""
    if path is not None:
        return _load(Path(path))
    with as_file(files("millrace.generation.weights") / SHIPPED) as shipped:
        return _load(shipped)


def digest_of(path: Path | None = None) -> str:
    """SHA-256 of a file of weights, or of the one that ships, in hex."""
    source = files("millrace.generation.weights") / SHIPPED if path is None else Path(path)
    return sha256(source.read_bytes()).hexdigest()


def _load(path: Path) -> Narrator:
    if path.is_dir():
        raise CheckpointError(f"model {path}: is a folder; name the .safetensors file in it")
    if not path.is_file():
        raise CheckpointError(
            f"model {path}: no such file; give a .safetensors file that `agent train` wrote, or `nano`"
        )
    try:
        with safe_open(path, "pt") as file:
            narrator = Narrator(_config(path, file.metadata() or {}))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"model {path}: not a whole safetensors file ({error}); train or copy it again"
        ) from None
    tensors.setdefault(_CLOCK, narrator.state_dict()[_CLOCK])  # weights from before there were clocks
    try:
        narrator.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise CheckpointError(f"model {path}: its tensors do not fit its own header ({reason})") from None
    return narrator.eval()


def _config(path: Path, metadata: dict[str, str]) -> NarratorConfig:
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "none")
        raise CheckpointError(
            f"model {path}: format {found!r}, this version reads {FORMAT!r}; use `agent train`'s output"
        )
    try:
        raw: dict[str, Any] = json.loads(metadata["config"])
        raw["encoder"]["stem"] = tuple(raw["encoder"].get("stem", _FIRST_STEM))
        return NarratorConfig(
            backbone=HybridConfig(**raw.pop("backbone")),
            encoder=EncoderConfig(**raw.pop("encoder")),
            words=tuple(raw.pop("words")),
            **raw,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"model {path}: its header cannot be read ({error}); train or copy it again"
        ) from None
