"""Who and where an object is about: what makes its city lie in its country."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from toolalpaca_mockserver.values import vocabulary
from toolalpaca_mockserver.values.vocabulary import Place


class Person(NamedTuple):
    """Somebody who does not exist."""

    first: str
    last: str
    number: int


@dataclass(slots=True)
class Scene:
    """The people and places of one object, by what stands before their names.

    ``billing_city`` and ``billing_country`` are one place, ``origin`` and ``destination`` two.
    """

    people: dict[str, Person] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


class Source(random.Random):
    """Where choices come from, and the scene that they are made in.

    Attributes:
        scene: Of the object that is being built.
        prefix: What stands before the name of the value that is being built.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.scene = Scene()
        self.prefix = ""

    @property
    def place(self) -> Place:
        """The place that the value is about."""
        found = self.scene.places.get(self.prefix)
        if found is None:
            found = self.scene.places[self.prefix] = self.choice(vocabulary.PLACES)
        return found

    @property
    def person(self) -> Person:
        """The person that the value is about."""
        found = self.scene.people.get(self.prefix)
        if found is None:
            first = self.choice(vocabulary.FIRST_NAMES)
            found = Person(first, self.choice(vocabulary.LAST_NAMES), self.randrange(10, 100))
            self.scene.people[self.prefix] = found
        return found
