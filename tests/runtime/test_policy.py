from __future__ import annotations

from argparse import ArgumentTypeError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.policy import SAFE_METHODS, Policy, Rule, Verdict, rule

VERDICTS: tuple[Verdict, ...] = ("allow", "ask", "deny")
RULES = st.builds(
    Rule, st.sampled_from(["*", "get*", "addPet", "POST *"]), st.sampled_from(VERDICTS)
)
POLICIES = st.builds(
    Policy,
    unsafe=st.sampled_from([None, *VERDICTS]),
    rules=st.lists(RULES, max_size=4).map(tuple),
    read_only=st.booleans(),
)


def test_safe_methods_are_those_of_http_and_no_others() -> None:
    assert set(SAFE_METHODS) == {"get", "head", "options", "trace"}  # RFC 9110, section 9.2.1


def test_what_changes_nothing_is_allowed_and_the_rest_asked_about() -> None:
    policy = Policy()
    assert policy.verdict("getPet", "GET /pets/{id}", safe=True) == "allow"
    assert policy.verdict("addPet", "POST /pets", safe=False) == "ask"


def test_nothing_can_be_harmed_in_a_simulated_api_but_rules_hold_there_too() -> None:
    policy = Policy(rules=(Rule("drop*", "deny"),)).settled(simulated=True)
    assert policy.verdict("addPet", "POST /pets", safe=False) == "allow"
    assert policy.verdict("dropPet", "DELETE /pets/{id}", safe=False) == "deny"
    assert Policy(unsafe="ask").settled(simulated=True).verdict("addPet", safe=False) == "ask"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ([("addPet", "allow")], "allow"),
        ([("add*", "deny")], "deny"),
        ([("POST /pets*", "allow")], "allow"),
        ([("DELETE *", "deny")], "ask"),
        ([("*", "deny"), ("addPet", "allow")], "allow"),
        ([("addPet", "allow"), ("*", "deny")], "deny"),
        ([("ADDPET", "deny")], "ask"),
    ],
)
def test_the_last_rule_that_names_a_tool_counts(
    rules: list[tuple[str, Verdict]], verdict: Verdict
) -> None:
    policy = Policy(rules=tuple(Rule(*item) for item in rules))
    assert policy.verdict("addPet", "POST /pets", safe=False) == verdict


@given(POLICIES)
def test_read_only_is_stronger_than_everything_else(policy: Policy) -> None:
    decided = policy.settled(simulated=True).verdict("addPet", "POST /pets", safe=False)
    assert not policy.read_only or decided == "deny"


def test_a_rule_is_read_from_the_right() -> None:
    assert rule("GET /a?b=c=deny") == Rule("GET /a?b=c", "deny")
    assert rule(" addPet = ask") == Rule("addPet", "ask")


@pytest.mark.parametrize(
    "text", ["", "addPet", "=deny", "addPet=", "addPet=perhaps", "addPet=Deny"]
)
def test_what_is_no_rule_is_refused_with_how_one_is_written(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"PATTERN=allow\|ask\|deny"):
        rule(text)
