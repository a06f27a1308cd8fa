"""What the API sends of its own accord: callbacks of operations, and webhooks.

``expressions.py`` finds out where to, ``composing.py`` what, and ``sender.py`` sends it;
``routes.py`` lets people send it.
"""
