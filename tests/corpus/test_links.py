"""Which result holds what another operation needs."""

from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.model import Document
from toolalpaca_corpus.links import links_to, thing_of


def test_a_list_and_a_creation_provide_the_id_in_the_path(pets: Document) -> None:
    tools = {tool.spec.name: tool for tool in make_tools(pets)}

    links = links_to(tools["removePet"], list(tools.values()))

    assert [(ln.producer.spec.name, ln.argument, ln.pointer, ln.made) for ln in links] == [
        ("listPets", "pet_id", "/items/0/id", False),
        ("addPet", "pet_id", "/id", True),
    ]
    assert links_to(tools["listPets"], list(tools.values())) == []


def test_an_id_names_its_thing(pets: Document) -> None:
    tools = {tool.spec.name: tool for tool in make_tools(pets)}

    assert thing_of("pet_id", tools["getPet"]) == "pet"
    assert thing_of("kind", tools["addPet"]) == ""
