"""What a person can ask of the chat itself: words that begin with a slash."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from toolalpaca.llm.options import settings_from_options
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.llm.registry import open_model
from toolalpaca_runtime.commands.session import Session
from toolalpaca_runtime.event_text import printable
from toolalpaca_runtime.terminal.calls import call_details, counted_calls
from toolalpaca_runtime.terminal.saving import save_conversation
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.bm25 import Bm25Index

_MOST_FOUND = 12
_NOTHING_YET = "nothing has happened yet"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command.

    Attributes:
        takes: What stands after it, for help and completion.
        summary: What it does.
        run: Does it, with what stands after the command.
    """

    takes: str
    summary: str
    run: Callable[[str], None]


class SlashCommands:
    """The commands of one chat.

    Args:
        session: What they are about.
        options: The command line, for the settings of another model.
        console: Where they say what they say.
    """

    def __init__(self, session: Session, options: Namespace, console: Console) -> None:
        self._session = session
        self._options = options
        self._console = console
        self.leaving = False
        commands: tuple[tuple[str, str, str, Callable[[str], None]], ...] = (
            ("/tools", "[WORDS]", "what the agent can call, or what fits WORDS", self._tools),
            ("/show", "[N]", "all of call N, or of the last one", self._show),
            ("/trace", "", "where the trace is", self._trace),
            (
                "/save",
                "FILE",
                "the conversation as .md or .html, its trace as .jsonl",
                self._save,
            ),
            ("/model", "[NAME]", "which model it is, or another one and a new start", self._model),
            ("/reset", "", "forget the conversation", self._reset),
            ("/help", "", "this list", self._help),
            ("/quit", "", "leave (so does Ctrl-D)", self._quit),
        )
        self.table = {
            name: SlashCommand(takes, summary, run) for name, takes, summary, run in commands
        }

    def run(self, text: str) -> None:
        """Do what *text*, which begins with a slash, says.

        Raises:
            ToolAlpacaError: It cannot be done.
        """
        name, _, argument = text.partition(" ")
        command = self.table.get(name)
        if command is None:
            self._say(f"there is no command {name}")
            self._help("")
        else:
            command.run(argument.strip())

    def _tools(self, words: str) -> None:
        specs = Toolbox(self._session.assembly.sources).specs  # under the names that agents use
        shown: Sequence[ToolSpec] = specs
        if words:
            shown = self._session.wait(Bm25Index(specs).find(words, _MOST_FOUND))
        for spec in shown:
            line = Text(printable(f"{spec.name}: {spec.description}".splitlines()[0]))
            if self._console.is_terminal:
                line.truncate(self._console.width, overflow="ellipsis")
            self._console.print(line, soft_wrap=True)
        if not shown:
            self._say("no tool fits these words")

    def _show(self, number: str) -> None:
        trace = self._session.agent.trace if self._session.agent else None
        calls = counted_calls(trace) if trace else []
        if trace is None or not calls:
            self._say("no tool has been called yet")
        elif number and not (number.isdecimal() and 1 <= int(number) <= len(calls)):
            self._say(f"there is no call {number}; they are numbered 1 to {len(calls)}")
        else:
            call = calls[int(number or len(calls)) - 1]
            self._page(call_details(call, trace.observation(call.id)))

    def _trace(self, _: str) -> None:
        self._say(str(self._session.trace_path or _NOTHING_YET))

    def _save(self, name: str) -> None:
        if self._session.agent is None:
            self._say(_NOTHING_YET)
        elif not name:
            self._say("give a name: /save conversation.md")
        else:
            path = Path(name).expanduser()
            save_conversation(self._session.agent.trace, path)
            self._say(f"saved as {path}")

    def _model(self, name: str) -> None:
        if name:
            model = open_model(name, settings_from_options(self._options))
            self._session.use_model(model, self._options.format)
        assembly = self._session.assembly
        self._say(f"{assembly.model.name}, in the format {assembly.prompt_format.name}")

    def _reset(self, _: str) -> None:
        self._session.reset()
        self._say("the conversation is forgotten")

    def _help(self, _: str) -> None:
        heads = {name: f"{name} {command.takes}".rstrip() for name, command in self.table.items()}
        width = max(map(len, heads.values()))
        for name, command in self.table.items():
            self._say(f"{heads[name]:<{width}}  {command.summary}")
        self._say("Alt-Enter begins a new line, Ctrl-C stops the agent or clears the line.")

    def _quit(self, _: str) -> None:
        self.leaving = True

    def _page(self, text: str) -> None:
        """Print *text*, in a pager where it is longer than the terminal."""
        wrapped = Text(text).wrap(self._console, self._console.width)
        if not self._console.is_terminal or len(wrapped) < self._console.height:
            self._say(text)
            return
        with self._console.pager():
            self._say(text)

    def _say(self, text: str) -> None:
        self._console.print(Text(printable(text)), soft_wrap=True)
