"""What goes wrong on purpose, labelled: slowness, errors, limits, broken connections.

``grammar.py`` reads what may happen, ``rules.py`` says to which operations, ``chance.py`` decides
what happens to one request, and ``disturber.py`` lets it happen.
"""
