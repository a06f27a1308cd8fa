"""Paths find their operations, concrete ones before templated ones."""

from __future__ import annotations

import pytest

from toolalpaca_mockserver.router import Router


def router(*paths: str) -> Router[str]:
    made: Router[str] = Router()
    for path in paths:
        made.add("get", path, path)
    return made


@pytest.mark.parametrize(
    ("path", "template", "values"),
    [
        ("/", "/", {}),
        ("/pets", "/pets", {}),
        ("/pets/mine", "/pets/mine", {}),
        ("/pets/7", "/pets/{id}", {"id": "7"}),
        ("/pets/a%2Fb", "/pets/{id}", {"id": "a%2Fb"}),
        ("/pets/7/visits/x", "/pets/{petId}/visits/{visit}", {"petId": "7", "visit": "x"}),
        ("/pets/mine/visits/x", "/pets/{petId}/visits/{visit}", {"petId": "mine", "visit": "x"}),
        ("/reports/2026-05.pdf", "/reports/{year}-{month}.pdf", {"year": "2026", "month": "05"}),
        ("/files/a.b.txt", "/files/{name}.{ext}", {"name": "a.b", "ext": "txt"}),
        ("/reports/latest", "/reports/{name}", {"name": "latest"}),
        ("/caf%C3%A9", "/café", {}),
        ("/a:cancel", "/{id}:cancel", {"id": "a"}),
    ],
)
def test_paths_find_templates(path: str, template: str, values: dict[str, str]) -> None:
    made = router(
        "/", "/pets", "/pets/{id}", "/pets/mine", "/pets/{petId}/visits/{visit}",
        "/reports/{name}", "/reports/{year}-{month}.pdf", "/café", "/{id}:cancel",
        "/files/{name}.{ext}",
    )  # fmt: skip
    match = made.match("get", path)
    assert match is not None
    assert (match.target, match.values) == (template, values)


@pytest.mark.parametrize("path", ["/pet", "/pets/", "/pets/1/visits", "/pets/1/visits/2/3", ""])
def test_other_paths_find_nothing(path: str) -> None:
    assert router("/pets", "/pets/{id}", "/pets/{id}/visits/{v}").match("get", path) is None


def test_no_template_answers_for_a_concrete_path() -> None:
    made = router("/pets/{id}")
    made.add("post", "/pets/search", "search")
    assert made.match("get", "/pets/search") is None
    assert made.methods("/pets/search") == ["post"]
    assert made.methods("/pets/other") == ["get"]
    assert made.methods("/elsewhere") == []


def test_a_template_answers_where_a_narrower_one_has_another_method() -> None:
    made = router("/{kind}/{id}")
    made.add("post", "/pets/{id}", "narrow")
    assert made.match("get", "/pets/1") is not None
    assert made.methods("/pets/1") == ["post", "get"]


def test_the_first_of_two_equal_templates_wins() -> None:
    made = router("/pets/{id}")
    assert not made.add("get", "/pets/{name}", "other")
    match = made.match("get", "/pets/1")
    assert match is not None
    assert match.target == "/pets/{id}"


def test_a_path_made_to_explode_is_matched_in_time() -> None:
    made = router("/{a}-{b}-{c}-{d}-{e}x", *("/" + "/".join(["{p}"] * n) for n in range(1, 30)))
    assert made.match("get", "/" + "-" * 60) is not None
