"""The paths that are the server's own, and no API's."""

from __future__ import annotations

from typing import Final

OWN: Final = "/_toolalpaca"
"""What all of them begin with."""
MCP: Final = f"{OWN}/mcp/"
"""What those of the MCP endpoints begin with; the name of an API follows."""
