"""Each API as an MCP server: an endpoint at which every operation is a tool."""
