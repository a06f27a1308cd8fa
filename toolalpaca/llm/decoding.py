"""How tokens come out of a model of transformers: what it remembers, what a grammar lets it say.

Everything here blocks and belongs to the thread that generates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.grammar import as_grammar, check_grammar
from toolalpaca.llm.protocol import Constraint, Request

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Tokens of a prompt computed at once: between two batches a cancelled request ends.
_BATCH = 256


def decode(
    past: Past, prompt: list[int], room: int, choice: Choice, wanted: Callable[[], bool]
) -> Iterator[int]:
    """The tokens that follow *prompt*, at most *room*; none once nobody wants them."""
    for start in range(0, len(prompt), _BATCH):
        if not wanted():
            return
        logits = past.extend(prompt[start : start + _BATCH])
    for count in range(1, room + 1):
        token = choice.next(logits)
        yield token
        if count < room:
            logits = past.extend([token])


class Past:
    """What the model has computed last: the next prompt goes on from where it is the same."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._tokens: list[int] = []
        self._cache: Any = None  # keys and values of _tokens

    def rewind(self, prompt: list[int]) -> int:
        """Forget what *prompt* does not begin with; how many of its tokens are left.

        One token at least is not, because the logits come out of computing it.
        """
        same = 0
        for ours, theirs in zip(self._tokens, prompt[:-1], strict=False):
            if ours != theirs:
                break
            same += 1
        surplus = len(self._tokens) - same
        if self._cache is None or (surplus and not _can_be_cropped(self._cache)):
            same = 0
        elif surplus:
            self._cache.crop(-surplus)
        self._tokens = prompt[:same]
        if not same:
            self._cache = None
        return same

    def extend(self, tokens: list[int]) -> Tensor:
        """Compute *tokens* after what is there; the logits of what follows the last of them."""
        import torch

        # Taken away until it is whole again: an exception half-way leaves it in pieces.
        cache, self._cache = self._cache, None
        output = self._model(
            input_ids=torch.tensor([tokens], device=self._model.device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._cache = output.past_key_values
        self._tokens.extend(tokens)
        logits: Tensor = output.logits[0, -1]
        return logits


class Choice:
    """Which token comes next: the request's temperature and seed, under its constraint.

    Attributes:
        finished: Whether the constraint lets nothing follow.
    """

    def __init__(self, request: Request, matcher: Any | None) -> None:
        import torch

        self._temperature = request.temperature
        self._generator = torch.Generator().manual_seed(request.seed)
        self._matcher = matcher
        self.finished = False

    def next(self, logits: Tensor) -> int:
        """Choose a token.

        Raises:
            ModelReplyError: The logits are no numbers, or llguidance gives up.
        """
        import torch

        scores = logits.float().cpu()
        if scores.isnan().any():
            raise ModelReplyError(
                "the model computes no numbers but NaN", hint="did its training diverge?"
            )
        if self._matcher is not None:
            scores = scores.masked_fill(~_allowed(self._matcher, len(scores)), -torch.inf)
        if self._temperature > 0:
            # The greatest becomes 0, so that a low temperature makes no infinities.
            odds = torch.softmax((scores - scores.max()) / self._temperature, dim=0)
            token = int(torch.multinomial(odds, 1, generator=self._generator))
        else:
            token = int(scores.argmax())
        if self._matcher is not None:
            self._matcher.consume_token(token)
            _check(self._matcher)
            self.finished = self._matcher.is_stopped()
        return token


class Grammars:
    """Makes llguidance's matchers for a tokenizer.

    Args:
        tokenizer: A fast one.
        vocabulary: How many logits the model has, which may be more than the tokenizer's tokens.
        ends: Tokens that end a reply: those that may come where the grammar is satisfied.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, vocabulary: int, ends: frozenset[int]
    ) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._ends = ends
        self._tokens: Any = None  # made at first need: it takes a second

    def matcher(self, constraint: Constraint) -> Any:
        """A matcher at the beginning of a reply.

        Raises:
            ModelReplyError: llguidance cannot read the grammar.
            MissingExtra: llguidance is not installed.
        """
        grammar = as_grammar(constraint)
        check_grammar(grammar)
        from llguidance import LLMatcher
        from llguidance.hf import from_tokenizer

        if self._tokens is None:
            tokenizer: Any = self._tokenizer  # a fast one
            self._tokens = from_tokenizer(
                tokenizer, n_vocab=self._vocabulary, eos_token=sorted(self._ends) or None
            )
        matcher = LLMatcher(self._tokens, grammar.lark, log_level=0)
        _check(matcher)
        return matcher


def _allowed(matcher: Any, size: int) -> Tensor:
    """Which of *size* tokens may come next."""
    import torch

    octets = torch.frombuffer(bytearray(matcher.compute_bitmask()), dtype=torch.uint8)
    _check(matcher)
    bits = octets.unsqueeze(1) >> torch.arange(8, dtype=torch.uint8)
    return (bits & 1).flatten()[:size].bool()


def _check(matcher: Any) -> None:
    if matcher.is_error():
        raise ModelReplyError(
            f"llguidance cannot follow the grammar of the reply: {matcher.get_error()}"
        )


def _can_be_cropped(cache: Any) -> bool:
    """Whether tokens at its end can be forgotten: windows and recurrent states do not go back."""
    from transformers.cache_utils import DynamicCache, DynamicLayer

    return type(cache) is DynamicCache and all(type(x) is DynamicLayer for x in cache.layers)
