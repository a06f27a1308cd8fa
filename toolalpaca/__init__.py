"""What every layer of ToolAlpaca shares; see ``docs/architecture.md``."""

__version__ = "0.1.0"
