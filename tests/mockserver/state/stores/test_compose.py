"""The composition of two servers on one PostgreSQL behind nginx, without the containers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import yaml

from toolalpaca.serving import MockServer, mock_server

EXAMPLES = Path(__file__).parents[4] / "examples"
FOLDER = EXAMPLES / "compose"
WAITS = 30.0


def composition() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return read


def test_what_the_composition_names_is_there() -> None:
    services = composition()["services"]
    upstream = (FOLDER / "nginx.conf").read_text()
    mocks = {name: service for name, service in services.items() if name.startswith("mock-")}
    assert len(mocks) == 2
    for name, service in mocks.items():
        assert f"server {name}:8000;" in upstream
        assert (FOLDER / service["build"] / "Dockerfile").is_file()
        assert (FOLDER / service["volumes"][0].partition(":")[0]).resolve() == EXAMPLES
        assert "@postgres/" in service["environment"]["TOOLALPACA_MOCK_STATE"]
        assert services["proxy"]["depends_on"][name] == {"condition": "service_healthy"}
    assert (FOLDER / services["proxy"]["volumes"][0].partition(":")[0]).is_file()
    assert all("healthcheck" in services[name] for name in ("postgres", "proxy"))


@contextmanager
def proxy(folder: Path, servers: list[MockServer]) -> Iterator[str]:
    """Runs nginx with the composition's configuration, but for names and places."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    said = (FOLDER / "nginx.conf").read_text().replace("listen 8000", f"listen {address}")
    for number, server in enumerate(servers, 1):
        said = said.replace(f"mock-{number}:8000", urlsplit(server.url).netloc)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    own = f"daemon off; pid {folder}/pid; error_log {folder}/log;\n"
    configuration = folder / "nginx.conf"
    configuration.write_text(own + said.replace("http {", "http {" + places, 1))
    with subprocess.Popen(["nginx", "-c", str(configuration)]) as process:
        try:
            _until_answered(f"http://{address}/_toolalpaca/healthz")
            yield f"http://{address}"
        finally:
            process.terminate()


def _until_answered(url: str) -> None:
    deadline = time.monotonic() + WAITS
    while True:
        try:
            assert httpx2.get(url).status_code == 200
            return
        except (httpx2.HTTPError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.slow
def test_two_servers_behind_one_address_are_one(postgres: Any, tmp_path: Path) -> None:
    """And stay it when one of them is killed: nothing that was answered is lost."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed (Debian: nginx)")
    postgres.clear()
    path, key = "/railway/alerts", {"x-api-key": "key"}
    alert = {"train_id": "AL164-20270514", "email": "jonas.weber@mail.example"}
    state = ["--state", postgres.url]
    with (
        mock_server([str(EXAMPLES)], arguments=state) as one,
        mock_server([str(EXAMPLES)], arguments=state) as two,
        proxy(tmp_path, [one, two]) as url,
        httpx2.Client(base_url=url, headers=key, timeout=WAITS) as client,
    ):
        made = [client.post(path, json=alert) for _ in range(20)]
        subprocess.run(["kill", "-9", str(one.pid)], check=True)
        made += [client.post(path, json=alert) for _ in range(20)]
        assert {answer.status_code for answer in made[:20]} == {201}
        # One request may have met the server that was killed; it is not sent twice.
        answered = [answer.json()["id"] for answer in made if answer.status_code == 201]
        assert len(set(answered)) >= 39
        assert set(answered) <= set(_all(client.get, path))
        served = {api["url"] for api in client.get("/_toolalpaca/apis").json()}
        assert f"{url}/railway" in served


def _all(get: Callable[..., Any], path: str) -> Iterator[str]:
    """The ids of all items."""
    page, seen = 1, 0
    while True:
        told = get(path, params={"page": page, "per_page": 50}).json()
        yield from (item["id"] for item in told["items"])
        page, seen = page + 1, seen + len(told["items"])
        if seen >= told["total"]:
            return
