#!/usr/bin/env python3
"""How a model plays APIs: where answers come from, what they cost, whether they conform.

    toolalpaca models fetch smollm2
    python benchmarks/executor.py --model smollm2 examples/*.yaml
    python benchmarks/executor.py --model openai:NAME --options '--model-url URL' examples/*.yaml

Every operation is called once with a sound request, on a server of its own process. Each answer is
held to the document's own schema here, by a validator that the server does not use.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema_rs

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.values import ValueGenerator


def main() -> int:
    """Run it; 1 when an answer breaks its document."""
    options = _options()
    command = [sys.executable, "-m", "toolalpaca", "mock", "--json", "--no-auth", "--port", "0"]
    command += ["--engine", "llm", "--model", options.model, *shlex.split(options.options)]
    command += map(str, options.documents)
    sources: Counter[str] = Counter()
    broken = 0
    with _running(command) as ready, httpx2.Client(timeout=600) as http:
        for source, api in zip(options.documents, ready["apis"], strict=True):
            document = load_document(source)
            for operation in document:
                response, seconds = _call(http, api["url"], document, operation)
                sound = _conforms(document, operation, response)
                told = response.headers["toolalpaca-source"]
                spent = response.headers.get("toolalpaca-model", "")
                print(
                    f"{api['name']} {operation.name:<28} {response.status_code} {seconds:6.1f} s "
                    f"{'' if sound else 'BROKEN '}{told}  {spent}",
                    flush=True,
                )
                if options.show:
                    print("    " + response.text[:400])
                sources[told] += 1
                broken += not sound
        print(json.dumps(http.get(f"{ready['url']}/_toolalpaca/engine").json()["apis"], indent=1))
    count = sum(sources.values())
    print("\n".join(f"{n:5} {n / count:5.0%} {source}" for source, n in sources.most_common()))
    print(f"{count} answers, {broken} break their document")
    return 1 if broken else 0


def _call(
    http: httpx2.Client, url: str, document: Document, operation: Operation
) -> tuple[httpx2.Response, float]:
    values = ValueGenerator(document.root, 3, direction="request")
    path = operation.path
    for name in re.findall(r"\{([^}]*)\}", path):
        path = path.replace(f"{{{name}}}", _known(http, url, path.partition("/{")[0]), 1)
    query = {
        p.name: str(values.generate(p.schema, name=p.name))
        for p in operation.parameters
        if p.location == "query" and p.required
    }
    body: Any = None
    if operation.body is not None:
        body = values.generate(next(iter(operation.body.content.values())).schema)
    began = time.monotonic()
    response = http.request(operation.method.upper(), url + path, params=query, json=body)
    return response, time.monotonic() - began


def _known(http: httpx2.Client, url: str, collection: str) -> str:
    """The id of an item of a collection at the top."""
    found = http.get(url + collection)
    value = found.json() if found.status_code == 200 else []
    lists = [value] if isinstance(value, list) else list(value.values())
    empty: list[Any] = [{}]
    items = next((one for one in lists if isinstance(one, list) and one), empty)
    return quote(str(items[0].get("id", "none")), safe="")


def _conforms(document: Document, operation: Operation, response: httpx2.Response) -> bool:
    documented = operation.response_for(response.status_code)
    kind = response.headers.get("content-type", "").partition(";")[0]
    if documented is None or kind not in documented.content:
        return response.status_code in (204, 404)
    pointer = f"{documented.pointer}/content/{kind.replace('/', '~1')}/schema"
    schema = {"$ref": "#" + quote(pointer.removeprefix("#"), safe="/~"), **document.root}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return bool(validator.is_valid(response.json()))


@contextmanager
def _running(command: list[str]) -> Iterator[dict[str, Any]]:
    """A mock server; yields what it says when it is ready."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--options", default="", help="further options of toolalpaca mock")
    parser.add_argument("--show", action="store_true", help="print the beginning of each answer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
