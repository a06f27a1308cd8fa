from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import UsageError
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_runtime.auth import Credentials, credential
from toolalpaca_runtime.auth.files import kept_credentials

API = "api.acme.dev:443"


def document() -> Document:
    schemes: dict[str, Any] = {
        "basic": {"type": "http", "scheme": "basic"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }
    return load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "components": {"securitySchemes": schemes},
            "paths": {},
        }
    )


def private(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return path


def kept(path: Path | None = None, *, at: str = API, **environment: Any) -> dict[str, str]:
    texts = {name: str(value) for name, value in environment.items()}
    found = kept_credentials(document(), at, auth_file=path, environment=texts)
    return {item.scheme: item.secret.reveal() for item in found}


def test_nothing_is_kept_where_there_are_no_files(tmp_path: Path) -> None:
    assert kept() == {}
    assert kept(HOME=tmp_path) == {}


@pytest.mark.parametrize("host", ['"api.acme.dev"', "api.acme.dev", '"API.acme.dev:443"'])
def test_our_own_file_has_a_table_for_each_host(tmp_path: Path, host: str) -> None:
    path = private(tmp_path / "c.toml", f"['other.dev']\nkey = 'no'\n[{host}]\nkey = 'k3y'\n")
    assert kept(path) == {"key": "k3y"}
    assert kept(path, at="elsewhere.dev:443") == {}


def test_host_and_port_win_over_the_host(tmp_path: Path) -> None:
    text = "['api.acme.dev:443']\nkey = 'port'\n['api.acme.dev']\nkey = 'host'\n"
    path = private(tmp_path / "c.toml", text)
    assert kept(path) == {"key": "port"}
    assert kept(path, at="api.acme.dev:8443") == {"key": "host"}


def test_it_is_found_in_the_folder_of_settings(tmp_path: Path) -> None:
    private(tmp_path / "a/.config/toolalpaca/credentials.toml", "['api.acme.dev']\nkey = 'a'")
    private(tmp_path / "b/toolalpaca/credentials.toml", "['api.acme.dev']\nkey = 'b'")
    assert kept(HOME=tmp_path / "a") == {"key": "a"}
    assert kept(HOME=tmp_path / "a", XDG_CONFIG_HOME=tmp_path / "b") == {"key": "b"}


NETRC = """\
machine api.acme.dev login me password s3cret
default login anyone password default-secret
"""


def test_netrc_serves_basic_credentials_of_its_hosts_only(tmp_path: Path) -> None:
    private(tmp_path / ".netrc", NETRC)
    assert kept(HOME=tmp_path) == {"basic": "me:s3cret"}
    assert kept(HOME=tmp_path, at="elsewhere.dev:443") == {}
    other = private(tmp_path / "other", NETRC.replace("s3cret", "0ther"))
    assert kept(HOME=tmp_path, NETRC=other) == {"basic": "me:0ther"}


def test_our_own_file_wins_over_netrc(tmp_path: Path) -> None:
    private(tmp_path / ".netrc", NETRC)
    path = private(tmp_path / "c.toml", "['api.acme.dev']\nbasic = 'you:x'")
    assert kept(path, HOME=tmp_path) == {"basic": "you:x"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o660])
def test_files_that_others_can_use_are_refused(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "c.toml", "['api.acme.dev']\nkey = 'canary'")
    path.chmod(mode)
    with pytest.raises(UsageError, match=r"others can read it.*chmod 600") as caught:
        kept(path)
    assert "canary" not in str(caught.value)
    netrc = private(tmp_path / ".netrc", NETRC)
    netrc.chmod(mode)
    with pytest.raises(UsageError, match="others can read it"):
        kept(HOME=tmp_path)
    assert kept(HOME=tmp_path, at="elsewhere.dev:1") == {}  # nothing of it is used


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key = 'canary'", "'key' is no credential"),
        ("['api.acme.dev']\nkey = 4711", "'key' is no credential"),
        ("['api.acme.dev']\nkey = canary", "is no TOML"),
        ("['api.acme.dev']\nkey = ''", "'key' is no credential"),
    ],
)
def test_what_is_no_credential_is_an_error_that_shows_none(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        kept(private(tmp_path / "c.toml", text))
    assert "canary" not in f"{caught.value} {caught.value.__cause__}"


def test_a_netrc_that_cannot_be_understood_is_an_error_that_shows_nothing(tmp_path: Path) -> None:
    private(tmp_path / ".netrc", "machine api.acme.dev login me pasword canary\n")
    with pytest.raises(UsageError, match=r"\.netrc:1: cannot be understood") as caught:
        kept(HOME=tmp_path)
    assert "canary" not in f"{caught.value} {caught.value.__cause__}"


def test_files_that_are_not_there_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        kept(tmp_path / "missing.toml")
    with pytest.raises(UsageError, match="is no file"):
        kept(tmp_path)


def test_what_is_kept_for_a_host_goes_to_no_other(tmp_path: Path) -> None:
    text = "['api.acme.dev']\nkey = 'k'\nbasic = 'a:b'\n['login.acme.dev']\nkey = 'k'"
    path = private(tmp_path / "c.toml", text)
    found = kept_credentials(document(), API, auth_file=path, environment={})
    credentials = Credentials.find(document(), kept=found, environment={})
    assert credentials.may_go_to("key", "api.acme.dev:443")
    assert credentials.may_go_to("key", "login.acme.dev:8443")
    assert not credentials.may_go_to("key", "evil.dev:443")
    assert not credentials.may_go_to("basic", "login.acme.dev:443")
    assert credentials.may_go_to("basic", "")


def test_the_command_line_wins_over_the_environment_and_that_over_files(tmp_path: Path) -> None:
    path = private(tmp_path / "c.toml", "['api.acme.dev']\nkey = 'file'\nbasic = 'f:ile'")
    files = kept_credentials(document(), API, auth_file=path, environment={})
    environment = {"TOOLALPACA_AUTH_KEY": "environment"}
    found = Credentials.find(document(), [], environment, kept=files)
    assert (found["key"], found["basic"]) == ("environment", "f:ile")
    assert found.may_go_to("key", "elsewhere.dev:443")
    found = Credentials.find(document(), [credential("key=given")], environment, kept=files)
    assert found["key"] == "given"
