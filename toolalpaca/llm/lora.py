"""LoRA adapters in PEFT's format, merged into the weights of a model of transformers.

An adapter (https://arxiv.org/abs/2106.09685) says of some linear layers that their weight ``W`` is
``W + B A s``; merged, it costs nothing at inference. That is all that is needed here, and less than
what the package ``peft`` brings.
The format is that of ``PeftModel.save_pretrained``: ``adapter_config.json`` and
``adapter_model.safetensors``. What it can say beyond this is refused, never left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from toolalpaca.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_WEIGHT = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<part>[AB])\.weight")
# What changes the meaning of an adapter, and the only value of each that is understood.
_PLAIN = {"peft_type": "LORA", "use_dora": False, "bias": "none", "lora_bias": False}


def merge_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Add the adapter in *folder* to the weights of *model*.

    Raises:
        ModelUnavailable: It cannot be read, is of another kind, or does not fit the model.
    """
    import torch

    config = _config(folder)
    layers = dict(model.named_modules())
    embeddings = model.get_input_embeddings().weight
    with torch.no_grad():
        for name, (a, b) in _pairs(folder).items():
            weight = getattr(layers.get(name), "weight", None)
            if weight is None or weight.ndim != 2:
                raise _unfit(folder, f"the model has no linear layer {name}")
            if weight is embeddings:
                # It is the output, too, where the two are tied: the merged sum would be wrong.
                raise _unfit(folder, f"{name} holds the model's embeddings")
            delta = b.to(torch.float32) @ a.to(torch.float32) * _scale(config, name, len(a))
            delta = delta.T if config.get("fan_in_fan_out") else delta
            if delta.shape != weight.shape:
                sizes = f"{tuple(delta.shape)} for {tuple(weight.shape)}"
                raise _unfit(folder, f"{name} has another size: {sizes}")
            weight += delta.to(weight)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = orjson.loads((folder / "adapter_config.json").read_bytes())
    except OSError as error:
        raise ModelUnavailable(
            "this is no adapter of PEFT: it has no adapter_config.json",
            where=str(folder),
            hint="give the folder that save_pretrained wrote",
        ) from error
    except orjson.JSONDecodeError as error:
        raise _unfit(folder, f"adapter_config.json cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise _unfit(folder, "adapter_config.json is no object")
    for name, plain in _PLAIN.items():
        if config.get(name, plain) != plain:
            raise _unfit(folder, f"{name} is {config[name]!r}; only {plain!r} is understood")
    return config


def _pairs(folder: Path) -> Mapping[str, tuple[Tensor, Tensor]]:
    """The matrices A and B of each layer."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(folder / "adapter_model.safetensors")
    except (OSError, SafetensorError) as error:
        raise _unfit(folder, f"adapter_model.safetensors cannot be read: {error}") from error
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        match = _WEIGHT.fullmatch(name)
        if match is None:
            raise _unfit(folder, f"{name} is no weight of a linear layer's adapter")
        parts.setdefault(match["layer"], {})[match["part"]] = tensor
    for layer, pair in parts.items():
        if set(pair) != {"A", "B"} or pair["A"].ndim != 2 or len(pair["A"]) != pair["B"].shape[-1]:
            raise _unfit(folder, f"the matrices A and B of {layer} do not fit each other")
    return {layer: (pair["A"], pair["B"]) for layer, pair in parts.items()}


def _scale(config: Mapping[str, Any], layer: str, rank: int) -> float:
    """What the product is multiplied by; the rank is that of the matrices themselves."""
    alpha = config.get("lora_alpha", 8)
    for pattern, own in (config.get("alpha_pattern") or {}).items():
        if re.fullmatch(rf"(.*\.)?({pattern})", layer):
            alpha = own
            break
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _unfit(folder: Path, what: str) -> ModelUnavailable:
    return ModelUnavailable(f"the adapter cannot be used: {what}", where=str(folder))
