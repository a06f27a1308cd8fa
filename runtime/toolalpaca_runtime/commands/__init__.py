"""The commands of the runtime, from ``ask`` to ``trace``."""
