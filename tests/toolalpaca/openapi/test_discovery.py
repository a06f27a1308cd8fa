"""Documents in folders, on mock servers and near pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import ApiError, DocumentError
from toolalpaca.openapi.discovery import discover, load_documents
from toolalpaca.openapi.sources import Unreachable

from .conftest import served

PETS: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Pet Shop"}, "paths": {}}
PAGE = b"<!doctype html><title>Pets</title>"


def test_a_folder_stands_for_its_documents(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    for place in ("pets.json", "deep/pets.json", ".hidden/pets.json", "pets.txt"):
        (tmp_path / place).write_text(json.dumps(PETS))
    (tmp_path / "package.json").write_text('{"name": "no document"}')
    (tmp_path / "broken.yaml").write_text("openapi: [")
    documents = load_documents([str(tmp_path), str(tmp_path / "pets.json")])
    assert [document.name for document in documents] == ["pets", "pets-2", "pets-3"]
    assert "broken.yaml:2: is not YAML" in caplog.text
    assert "package.json" not in caplog.text  # said only with -v


def test_a_folder_without_documents(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(DocumentError, match="holds no OpenAPI document"):
        load_documents([str(tmp_path)])


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", "/openapi.json"),
        ("/", "/v3/api-docs"),
        ("/docs", "/openapi.json"),
        ("/docs?theme=dark", "/openapi.json"),
        ("/v2", "/v2/swagger.json"),
        ("/v2/", "/v2/openapi.yaml"),
    ],
)
def test_a_document_is_found_near_a_page(
    path: str, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = {"/": PAGE, "/docs": PAGE, place: json.dumps(PETS).encode()}
    with served(files) as url:
        document, address = discover(url + path)
    assert (document.title, address) == ("Pet Shop", url + place)
    assert f"is no OpenAPI document; reading {url}{place}" in caplog.text


def test_a_file_has_no_neighbours() -> None:
    files = {"/openapi.json": json.dumps(PETS).encode()}
    with served(files) as url, pytest.raises(DocumentError, match=r"/open\.json: .* answered 404"):
        discover(f"{url}/open.json")


def test_without_a_document_the_error_is_that_of_the_url() -> None:
    with served({"/docs": PAGE}) as url, pytest.raises(DocumentError, match="/docs: is no"):
        discover(f"{url}/docs")
    with pytest.raises(Unreachable, match="/docs: cannot be fetched"):
        discover(f"{url}/docs")


def listing(url: str, *names: str) -> bytes:
    apis = [
        {"name": name, "url": f"{url}/{name}", "document_url": f"{url}/own/{name}.json"}
        for name in names
    ]
    return json.dumps(apis).encode()


@pytest.mark.parametrize("root", [PAGE, b'{"an": "operation"}', None])
def test_the_only_api_of_a_mock_server_is_found_at_its_root(root: bytes | None) -> None:
    files = {"/own/.json": json.dumps(PETS).encode()}
    if root is not None:
        files["/"] = root
    with served(files) as url:
        alone = [{"name": "pets", "url": url, "document_url": f"{url}/own/.json"}]
        files["/_toolalpaca/apis"] = json.dumps(alone).encode()
        (document,) = load_documents([f"{url}/"])
    assert (document.name, document.title) == ("pets", "Pet Shop")


def test_a_mock_server_of_several_apis_names_them() -> None:
    files: dict[str, bytes] = {"/own/b.json": json.dumps(PETS).encode()}
    with served(files) as url:
        files["/_toolalpaca/apis"] = listing(url, "a", "b")
        assert discover(f"{url}/b/")[0].name == "b"
        with pytest.raises(ApiError, match=f"several APIs.*{url}/a, {url}/b"):
            load_documents([url])


def test_a_listing_cannot_name_a_file_of_this_machine(tmp_path: Path) -> None:
    private = tmp_path / "private.json"
    private.write_text(json.dumps(PETS))
    files: dict[str, bytes] = {}
    with served(files) as url:
        named = [{"name": "pets", "url": url, "document_url": str(private)}]
        files["/_toolalpaca/apis"] = json.dumps(named).encode()
        with pytest.raises(DocumentError):
            discover(url)
