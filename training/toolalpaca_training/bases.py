"""Where a fine-tune starts: a base model and its tokenizer.

``tiny`` is made on the spot from nothing, and learns in seconds: it shows that the pipeline works,
not that the model does. ``smollm2`` is SmolLM2-135M-Instruct, fetched once. Anything else is the
folder of a checkpoint.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import MissingExtra, ModelUnavailable, UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TINY = "tiny"
SMOLLM2 = "smollm2"

TINY_VOCABULARY = 2048
TINY_CONTEXT = 8192

_END_OF_TEXT, _TURN_START, _TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"

# ChatML without a system prompt of its own: what a model is told is the prompt format's business.
_TINY_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Base:
    """A model to train and the tokenizer that goes with it.

    Attributes:
        name: As it was asked for.
        model: The model, in float32 on the processor.
        tokenizer: Its tokenizer, with a chat template.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def context(self) -> int | None:
        """How many tokens the model can see, where its configuration says so."""
        length = getattr(self.model.config, "max_position_embeddings", None)
        return length if isinstance(length, int) else None

    @property
    def parameters(self) -> int:
        """How many numbers there are to learn; tied ones count once."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def check_packages() -> None:
    """Make sure that the packages of the extra ``training`` are there.

    Raises:
        MissingExtra: One is not installed.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(package, "training")


def open_base(name: str, texts: Iterable[str], *, seed: int = 0) -> Base:
    """The base called *name*.

    Args:
        name: ``tiny``, ``smollm2``, or the folder of a checkpoint.
        texts: What the tokenizer of ``tiny`` is trained on; the other bases leave it alone.
        seed: For the weights of ``tiny``.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelUnavailable: It has not been fetched, or is no checkpoint.
    """
    check_packages()
    if name == TINY:
        return _tiny(texts, seed)
    if name == SMOLLM2:
        return _load(name, _converted_smollm2())
    return _load(name, Path(name))


def _tiny(texts: Iterable[str], seed: int) -> Base:
    """A random Llama of about a million parameters."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(texts)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=TINY_CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    return Base(name=TINY, model=model, tokenizer=tokenizer)


def train_tokenizer(
    texts: Iterable[str], vocabulary: int = TINY_VOCABULARY
) -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer for *texts*, with a chat template; it can write any text.

    Args:
        texts: What to find frequent words in.
        vocabulary: The most tokens that it may have; at least 259 (bytes and three special ones).
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # Digits by themselves, so that numbers are copied and not remembered.
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[_END_OF_TEXT, _TURN_START, _TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    make: Any = PreTrainedTokenizerFast  # its constructor has no types
    made: PreTrainedTokenizerBase = make(
        tokenizer_object=tokenizer,
        eos_token=_TURN_END,
        pad_token=_END_OF_TEXT,
        additional_special_tokens=[_TURN_START],
        chat_template=_TINY_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=TINY_CONTEXT,
    )
    return made


def _load(name: str, folder: Path) -> Base:
    """The checkpoint in *folder*; nothing is ever downloaded."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            "is neither a base by name nor the folder of a checkpoint (there is no config.json)",
            where=name,
            hint=f"bases by name are {TINY} and {SMOLLM2}",
        )
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelUnavailable(f"cannot be loaded: {error}", where=str(folder)) from error
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise UsageError("the tokenizer has more tokens than the model", where=str(folder))
    return Base(name=name, model=model, tokenizer=tokenizer)


def _converted_smollm2() -> Path:
    """SmolLM2 as a checkpoint of transformers, converted from its GGUF file the first time.

    Reading the GGUF file takes half a minute, so the result is kept beside it.
    """
    from toolalpaca.llm.catalog import fetched_path

    source = fetched_path(SMOLLM2)
    folder = source.with_name(f"{source.stem}.transformers")
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(prefix=".convert-", dir=source.parent) as scratch:
        converted = Path(scratch) / folder.name
        _convert_gguf(source, converted)
        try:
            converted.rename(folder)
        except OSError:
            # Another process was faster, and its conversion is the same.
            if not folder.is_dir():
                raise
            shutil.rmtree(converted)
    return folder


def _convert_gguf(source: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for package in ("gguf", "accelerate"):  # what transformers reads such a file with
        try:
            importlib.import_module(package)
        except ImportError:
            raise MissingExtra(package, "training") from None
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    )
    tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    config = type(loaded.config).from_dict(
        {
            key: value
            for key, value in loaded.config.to_dict().items()
            if key not in ("quantization_config", "_name_or_path")
        }
    )
    # transformers refuses to save what it has read from a GGUF file, although the weights are
    # plain numbers by then: so they move into a fresh model of the same configuration.
    fresh = type(loaded)(config)
    fresh.load_state_dict(loaded.state_dict())
    fresh.tie_weights()
    fresh.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
