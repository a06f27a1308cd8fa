"""One task, run by an agent with a simulated user: what corpus and evaluation are made of."""

from __future__ import annotations

from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.openapi.loading import load_document
from toolalpaca.task import Task, Toolset
from toolalpaca.trace import Trace, TraceWriter
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.formats import PromptFormat
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.simulated_user import SimulatedUser
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import SESSION_HEADER, ApiTools


async def run_episode(
    task: Task,
    toolset: Toolset,
    *,
    model: LanguageModel,
    base_url: str,
    session: str,
    prompt_format: PromptFormat | None = None,
    limits: Limits | None = None,
    recorder: TraceWriter | None = None,
    seed: int = 0,
) -> Trace:
    """Let *model* do *task* on the mock server at *base_url*, and return the whole trace.

    A simulated user tells ``task.facts`` when asked for them.

    Args:
        task: The instruction and the facts.
        toolset: The API; its name is the trace's toolset.
        model: Decides.
        base_url: Where a mock server serves the toolset's document.
        session: The session's id; episodes that must not see each other have different ones.
        prompt_format: By default the one that suits the model.
        limits: Of the run.
        recorder: Where the trace is written as it happens.
        seed: For sampling.

    Raises:
        DocumentError: The toolset's document cannot be read.
        ApiError: Nobody is at *base_url*.
        ModelError: The model cannot be used.
    """
    document = load_document(toolset.document, name=toolset.name)
    async with (
        ApiTools(document, base_url, simulated=True, headers={SESSION_HEADER: session}) as api,
        Agent(
            model,
            Toolbox([api]),
            prompt_format=prompt_format,
            limits=limits,
            user=SimulatedUser(task.facts),
            recorder=recorder,
            task=task.id,
            seed=seed,
        ) as agent,
    ):
        async for _ in agent.run(task.instruction):
            pass
        return agent.trace
