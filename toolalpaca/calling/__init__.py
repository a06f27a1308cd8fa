"""Operations as tools, and their arguments as HTTP requests: what agents and MCP clients call."""
