"""What was asked and answered, for who watches: kept, counted, printed, and shown without secrets.

``exchange.py`` is what everybody is told. Who answers knows nothing of who watches.
"""
