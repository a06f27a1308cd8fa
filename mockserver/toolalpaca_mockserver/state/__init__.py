"""What is remembered between requests: resources, sessions, and where they are kept."""
