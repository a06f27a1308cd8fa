"""Where an agent's tools come from: documents, MCP servers, functions, the runtime itself."""
