"""Values that satisfy schemas: where all made-up data comes from.

One call goes through the parts in this order::

    ValueGenerator     generator.py    tries until the validator agrees
    Build              build.py        one attempt, from the outside in
    choices, examples                  which branch, and what the document shows
    objects, arrays, texts, numbers    one for each type
    formats, names, moments            what looks real; words from vocabulary.py
"""

from toolalpaca_mockserver.values.generator import NoInstance, ValueGenerator, index_for, random_for

__all__ = ["NoInstance", "ValueGenerator", "index_for", "random_for"]
