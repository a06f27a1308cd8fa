"""The commands of the runtime: ``ask``, ``chat`` and ``demo``."""
