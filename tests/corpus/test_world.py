"""What exists before a task begins, as a mock server lists it."""

from random import Random

import pytest

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.errors import ApiError
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.trace import Call
from toolalpaca_corpus.links import links_to
from toolalpaca_corpus.world import Thing, World, look_around
from toolalpaca_runtime.tools.api import ApiTools

pytestmark = pytest.mark.anyio


def tool(document: Document, name: str) -> Tool:
    return next(tool for tool in make_tools(document) if tool.spec.name == name)


async def test_arguments_are_those_of_things_that_the_api_lists(
    library: Document, library_url: str
) -> None:
    tools = make_tools(library)
    world = await look_around(library, tools, library_url)

    get_loan = tool(library, "getLoan")
    pairs = {
        (known["member_id"], known["loan_id"])
        for seed in range(30)
        if (known := world.known(get_loan, links_to(get_loan, tools), Random(seed)))
    }
    assert len(pairs) > 1
    async with ApiTools(library, library_url, simulated=True) as api:
        for member, loan in pairs:  # each loan is one of that member
            arguments = {"member_id": member, "loan_id": loan}
            observation = await api.call(Call(id="1", tool="getLoan", arguments=arguments))
            assert observation.response is not None
            assert observation.response.status == 200


async def test_every_look_sees_the_same(library: Document, library_url: str) -> None:
    tools = make_tools(library)
    first, second = [await look_around(library, tools, library_url) for _ in range(2)]

    for one in tools:
        links = links_to(one, tools)
        assert first.known(one, links, Random(1)) == second.known(one, links, Random(1))


async def test_nobody_there_is_an_error(library: Document) -> None:
    with pytest.raises(ApiError):
        await look_around(library, make_tools(library), "http://127.0.0.1:9/library")


async def test_what_lists_nothing_makes_an_empty_world(library_url: str) -> None:
    elsewhere = load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Elsewhere", "version": "1"},
            "paths": {
                "/ships": {
                    "get": {
                        "operationId": "listShips",
                        "responses": {
                            "200": {
                                "description": "ok",
                                "content": {
                                    "application/json": {
                                        "schema": {
                                            "type": "array",
                                            "items": {
                                                "type": "object",
                                                "properties": {"id": {"type": "integer"}},
                                            },
                                        }
                                    }
                                },
                            }
                        },
                    }
                },
                "/ships/{ship_id}": {
                    "get": {
                        "operationId": "getShip",
                        "parameters": [
                            {
                                "name": "ship_id",
                                "in": "path",
                                "required": True,
                                "schema": {"type": "integer"},
                            }
                        ],
                        "responses": {"200": {"description": "ok"}},
                    }
                },
            },
        },
        name="elsewhere",
    )
    tools = make_tools(elsewhere)

    world = await look_around(elsewhere, tools, library_url)  # which answers 404

    get_ship = tool(elsewhere, "getShip")
    assert links_to(get_ship, tools)
    assert world.known(get_ship, links_to(get_ship, tools), Random(0)) == {}


def test_conditions_and_ids_come_from_one_thing(pets: Document) -> None:
    tools = make_tools(pets)
    things = [Thing({"id": 1, "kind": "dog"}, {}), Thing({"id": 2, "kind": "cat"}, {})]
    world = World({"listPets": things})

    get_pet, list_pets = tool(pets, "getPet"), tool(pets, "listPets")
    ids = {world.known(get_pet, links_to(get_pet, tools), Random(i))["pet_id"] for i in range(20)}
    kinds = {
        (k["id"], k["kind"]) for i in range(20) if (k := world.known(list_pets, (), Random(i)))
    }
    assert ids == {1, 2}
    assert kinds == {(1, "dog"), (2, "cat")}
