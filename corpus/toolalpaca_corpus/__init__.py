"""The corpus: from a list of APIs to a checked tool-use corpus."""
