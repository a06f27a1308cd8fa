"""Agents behind HTTP: the page to talk to one in a browser, and OpenAI's chat completions."""
