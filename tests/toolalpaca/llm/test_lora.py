"""Adapters as PEFT writes them: names, shapes and settings follow its save_pretrained."""

from __future__ import annotations

import asyncio
import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm.lora import merge_adapter
from toolalpaca.llm.protocol import Message, Request, complete
from toolalpaca.llm.registry import open_model
from toolalpaca.llm.settings import ModelSettings

torch = pytest.importorskip("torch")

Q = "model.layers.0.self_attn.q_proj"
UP = "model.layers.1.mlp.up_proj"
PREFIX = "base_model.model."


@pytest.fixture(scope="module")
def base() -> Any:
    from toolalpaca_training.bases import open_base

    return open_base("tiny", ["The forecast for Zürich is rain."] * 3)


def matrices(model: Any, *layers: str, rank: int = 3) -> dict[str, Any]:
    """Adapter weights by chance, for some layers."""
    chance = torch.Generator().manual_seed(0)
    found = {}
    for layer in layers:
        out, width = model.get_submodule(layer).weight.shape
        found[f"{PREFIX}{layer}.lora_A.weight"] = torch.randn(rank, width, generator=chance)
        found[f"{PREFIX}{layer}.lora_B.weight"] = torch.randn(out, rank, generator=chance)
    return found


def save(folder: Path, tensors: dict[str, Any], **config: Any) -> Path:
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    told = {"peft_type": "LORA", "r": 3, "lora_alpha": 6, "bias": "none"} | config
    (folder / "adapter_config.json").write_text(json.dumps(told))
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


@pytest.mark.parametrize(
    ("config", "scales"),
    [
        ({}, {Q: 6 / 3, UP: 6 / 3}),
        ({"use_rslora": True}, {Q: 6 / math.sqrt(3), UP: 6 / math.sqrt(3)}),
        ({"alpha_pattern": {"q_proj": 9}}, {Q: 9 / 3, UP: 6 / 3}),
        ({"alpha_pattern": {"layers.1.mlp.up_proj": 9}}, {Q: 6 / 3, UP: 9 / 3}),
        ({"r": 64}, {Q: 6 / 3, UP: 6 / 3}),  # the matrices have the rank of their pattern
    ],
)
def test_the_product_is_added_to_the_layers_and_to_nothing_else(
    base: Any, tmp_path: Path, config: dict[str, Any], scales: dict[str, float]
) -> None:
    tensors = matrices(base.model, Q, UP)
    merged = copy.deepcopy(base.model)
    merge_adapter(merged, save(tmp_path / "a", tensors, **config))
    before = base.model.state_dict()
    for name, weight in merged.state_dict().items():
        layer = name.removesuffix(".weight")
        if layer in scales:
            a, b = (tensors[f"{PREFIX}{layer}.lora_{part}.weight"] for part in "AB")
            expected = before[name] + scales[layer] * b @ a
            torch.testing.assert_close(weight, expected)
            assert not torch.equal(weight, before[name])
        else:
            assert torch.equal(weight, before[name])


def test_weights_of_half_precision_stay_so(base: Any, tmp_path: Path) -> None:
    merged = copy.deepcopy(base.model).to(torch.bfloat16)
    merge_adapter(merged, save(tmp_path / "a", matrices(merged, Q)))
    assert merged.get_submodule(Q).weight.dtype is torch.bfloat16


def test_a_model_is_opened_with_its_adapters(base: Any, tmp_path: Path) -> None:
    base.model.save_pretrained(tmp_path / "model")
    base.tokenizer.save_pretrained(tmp_path / "model")
    wild = save(tmp_path / "wild", matrices(base.model, Q, UP), lora_alpha=60)
    back = save(tmp_path / "back", matrices(base.model, Q, UP), lora_alpha=-60)

    def says(*adapters: Path) -> str:
        settings = ModelSettings(adapters=adapters)
        model = open_model(f"transformers:{tmp_path / 'model'}", settings)
        request = Request(messages=(Message(role="user", content="Rain?"),), max_tokens=12)
        return asyncio.run(complete(model, request)).text

    assert says(wild) != says()
    assert says(wild, back) == says()


def _lacking(name: str) -> Callable[[Path, dict[str, Any]], object]:
    return lambda folder, _: (folder / name).unlink()


def _with(change: Callable[[dict[str, Any]], object], **config: Any) -> Any:
    def damage(folder: Path, tensors: dict[str, Any]) -> None:
        change(tensors)
        save(folder, tensors, **config)

    return damage


def _cut(tensors: dict[str, Any]) -> None:
    name = f"{PREFIX}{Q}.lora_A.weight"
    tensors[name] = tensors[name][:, :-1].contiguous()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_lacking("adapter_config.json"), "it has no adapter_config.json"),
        (_lacking("adapter_model.safetensors"), "adapter_model.safetensors cannot be read"),
        (lambda folder, _: (folder / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda folder, _: (folder / "adapter_config.json").write_text("[]"), "is no object"),
        (_with(dict, use_dora=True), "use_dora is True; only False is understood"),
        (_with(dict, peft_type="IA3"), "peft_type is 'IA3'"),
        (_with(dict, bias="all"), "bias is 'all'"),
        (_with(lambda t: t.pop(f"{PREFIX}{Q}.lora_B.weight")), "A and B of .*q_proj do not fit"),
        (_with(_cut), "has another size"),
        (_with(lambda t: t.update({"base_model.model.lm_head.weight": torch.ones(2)})),
         "lm_head.weight is no weight of a linear layer's adapter"),
        (_with(lambda t: t.update(matrices_of_nobody())), "the model has no linear layer nobody"),
        (_with(lambda t: t.update(matrices_of_nobody("model.norm"))), "no linear layer model.norm"),
        (_with(lambda t: t.update(matrices_of_nobody("model.embed_tokens"))),
         "model.embed_tokens holds the model's embeddings"),
    ],
)  # fmt: skip
def test_an_adapter_that_cannot_be_used_is_told_in_one_line(
    base: Any, tmp_path: Path, damage: Any, message: str
) -> None:
    tensors = matrices(base.model, Q)
    folder = save(tmp_path / "a", tensors)
    damage(folder, tensors)
    with pytest.raises(ModelUnavailable, match=message) as caught:
        merge_adapter(copy.deepcopy(base.model), folder)
    assert str(caught.value).startswith(str(folder))
    assert "\n" not in str(caught.value)


def matrices_of_nobody(layer: str = "nobody") -> dict[str, Any]:
    return {
        f"{PREFIX}{layer}.lora_A.weight": torch.ones(3, 4),
        f"{PREFIX}{layer}.lora_B.weight": torch.ones(4, 3),
    }
