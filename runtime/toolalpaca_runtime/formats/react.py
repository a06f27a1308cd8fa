"""ReAct: thought, action and observation as text, for any model that can continue a text.

The layout is that of ReAct (https://arxiv.org/abs/2210.03629)::

    Thought: the user wants the pet with the id 7
    Action: getPet
    Action Input: {"petId": 7}

and for the end of a turn ``Thought: ...`` and ``Answer: ...``. What a tool returned comes back as a
user's message that begins with ``Observation:``. Where a backend can, decoding is held to a grammar
in which only tools that exist can be named and only arguments that fit can be written.
"""

from __future__ import annotations

from typing import Final

from toolalpaca.trace import ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats.labelled import DescribeTools, LabelledFormat, Seen
from toolalpaca_runtime.formats.quoting import quoted, without_tokens
from toolalpaca_runtime.formats.signatures import describe_tools
from toolalpaca_runtime.formats.steps import Labels
from toolalpaca_runtime.observation import retold
from toolalpaca_runtime.prompts import render_prompt

_OBSERVATION: Final = 1500  # characters of a result that the model is shown


class React(LabelledFormat):
    """Thought, action, observation."""

    name = "react"
    labels = Labels("Thought", "Action", "Action Input", "Answer")
    stop = "\nObservation"
    user_label = "User"
    how = (
        'Write "Thought:", then either "Action:" with the name of a tool and "Action Input:" with '
        'its arguments as a JSON object, or "Answer:" with what the user is told.'
    )

    def system(self, trace: Trace, describe: DescribeTools) -> str:
        """The tools, and how they are used."""
        return render_prompt("react", toolset=trace.toolset, tools=describe(trace.tools))

    def describer(self) -> DescribeTools:
        """A line for each tool."""
        return lambda tools: without_tokens(describe_tools(tools))

    def more_tools(self, told: str) -> str:
        """The lines below a sentence."""
        return f"\nThese tools can be used from now on, too:\n\n{told}"

    def user(self, event: UserEvent) -> str:
        """The words; in a text that has no roles, behind a label."""
        return f"{self.user_label}: {quoted(event.text)}" if self._begun else event.text

    def observation(self, event: ObservationEvent, _seen: Seen, /) -> str:
        """What came back, as data."""
        text = event.text.strip()
        # What the runtime itself says (a page of a file and where the next begins) is told whole.
        if event.source != "runtime":
            text = retold(text, _OBSERVATION)
        return f"Observation: {quoted(text)}"
