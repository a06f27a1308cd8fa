"""Real APIs: what they answer, whether the document allows it, and how it is told again.

``proxy.py`` asks the real API, ``judging.py`` holds its answers to the document, ``recorder.py``
writes exchanges to a file as ``record.py`` describes them, and ``replay.py`` answers from it.
"""
