"""What is the server's own, under ``/_toolalpaca/``: what it tells people and programs of itself.

``app.py`` puts the routes together, each of which has a file. The package knows the whole server;
the application alone knows it, and loads it when it is first asked for.
"""
