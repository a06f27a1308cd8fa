"""The tools that a command line names: APIs, MCP servers, Python functions and the clock."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from toolalpaca.counting import counted
from toolalpaca.errors import UsageError
from toolalpaca.hosts import is_absolute
from toolalpaca.logs import conceal
from toolalpaca.serving import mock_server
from toolalpaca_runtime.auth import Credential, variable
from toolalpaca_runtime.auth.asking import ask_for
from toolalpaca_runtime.commands.options import network_from_options
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.api import ApiTools
from toolalpaca_runtime.tools.clock import clock_tools
from toolalpaca_runtime.tools.functions import load_functions
from toolalpaca_runtime.tools.mcp import McpTools, open_mcp
from toolalpaca_runtime.tools.source import ToolSource, qualified

_MCP, _PYTHON = "mcp:", "python:"
_MCP_SCHEME = "mcp@"


async def open_sources(
    options: Namespace, policy: Policy, stack: AsyncExitStack
) -> list[ToolSource]:
    """The sources of the command line, the first one first, and the clock.

    Args:
        options: ``source``, ``also``, ``dry_run``, and what says where APIs are and how they are
            reached.
        policy: What may be called.
        stack: Closes them.

    Raises:
        ToolAlpacaError: One cannot be opened.
    """
    given: Sequence[Credential] = getattr(options, "auth", None) or ()
    texts = [options.source, *(options.also or ())]
    if _simulated(options) and all(text.startswith((_MCP, _PYTHON)) for text in texts):
        raise UsageError(
            f"there is no OpenAPI document to make a mock of, and the tools of {texts[0]} would be "
            "used in earnest",
            where="--mock" if options.mock else "--against mock",
        )
    environment = dict(os.environ)
    sources: list[ToolSource] = []
    for number, text in enumerate(texts):
        source: ToolSource
        if options.dry_run and text.startswith((_MCP, _PYTHON)):
            raise UsageError(
                f"{text} has tools that are no HTTP requests, which could only be used in earnest",
                where="--dry-run",
            )
        if (options.mock or options.against == "mock") and text.startswith((_MCP, _PYTHON)):
            note = "is no API with a document: its tools stay real"
            print(f"toolalpaca: {text} {note}", file=sys.stderr)
        if text.startswith(_MCP):
            source = await _open_mcp(text.removeprefix(_MCP), policy, given)
        elif text.startswith(_PYTHON):
            source = load_functions(text.removeprefix(_PYTHON), policy)
        else:
            source = await _open_api(
                text, options, policy, stack, environment=environment, first=number == 0
            )
            # Names of schemes are not unique: what is for one API must not go to another one's.
            for scheme in source.document.security_schemes:
                environment.pop(variable(scheme), None)
        stack.push_async_callback(source.aclose)
        sources.append(source)
    _warn_of_idle_rules(policy, sources)
    return [*sources, clock_tools()]


def _simulated(options: Namespace) -> bool:
    return bool(options.mock or options.against == "mock")


async def _open_api(
    text: str,
    options: Namespace,
    policy: Policy,
    stack: AsyncExitStack,
    *,
    environment: Mapping[str, str],
    first: bool,
) -> ApiTools:
    base_url = options.base_url if first else None
    if _simulated(options):
        server = stack.enter_context(mock_server([text]))
        text, base_url = next(iter(server.apis.values())), None
    given = getattr(options, "auth", None) or ()
    api = await open_api(
        text,
        base_url=base_url,
        auth=[c for c in given if not c.scheme.startswith(_MCP_SCHEME)] if first else (),
        auth_file=options.auth_file,
        ask=ask_for if options.ask_auth else None,
        policy=policy,
        dry_run=options.dry_run,
        network=network_from_options(options),
        environment=environment,
    )
    warn_of_missing_credentials(api, first=first)
    return api


async def _open_mcp(target: str, policy: Policy, given: Sequence[Credential]) -> McpTools:
    """The tools of an MCP server, with the token that is for its host and no other."""
    if not is_absolute(target):
        return await open_mcp(target, policy=policy)
    scheme = _MCP_SCHEME + urlsplit(target).netloc.rpartition("@")[2]
    tokens = [item.secret.reveal() for item in given if item.scheme == scheme]
    token = tokens[-1] if tokens else os.environ.get(variable(scheme))
    conceal([token] if token else [])
    return await open_mcp(target, policy=policy, token=token)


def warn_of_missing_credentials(api: ApiTools, *, first: bool = True) -> None:
    """Say on standard error which security schemes lack their credentials.

    Args:
        api: Whose.
        first: Whether it is the one that ``--auth`` is for.
    """
    missing = api.lacking()
    if missing:
        schemes = sorted({scheme for names in missing.values() for scheme in names})
        hint = f"give --auth {schemes[0]}=VALUE or set {variable(schemes[0])}"
        print(
            f"toolalpaca: {len(missing)} of {len(api.specs)} operations need credentials "
            f"that are not there: {', '.join(schemes)} "
            f"({hint if first else 'write them under its host in a file for --auth-file'})",
            file=sys.stderr,
        )


def _warn_of_idle_rules(policy: Policy, sources: Sequence[ToolSource]) -> None:
    """Say on standard error which rules name no tool: a slip of the pen leaves a tool unguarded."""
    tools = [(source.name, spec.name) for source in sources for spec in source.specs]
    names = [name for source, tool in tools for name in (tool, qualified(source, tool))]
    for source in sources:
        if isinstance(source, ApiTools):
            names += [f"{t.operation.method.upper()} {t.operation.path}" for t in source.tools]
    for rule in policy.rules:
        if not rule.names(*names):
            print(
                f"toolalpaca: --rule '{rule.pattern}={rule.verdict}' names none of the "
                f"{counted(len(tools), 'tool')} (upper and lower case differ)",
                file=sys.stderr,
            )
