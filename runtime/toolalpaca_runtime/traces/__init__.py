"""Traces for people: found, shown in a terminal or on a page, and made again."""
