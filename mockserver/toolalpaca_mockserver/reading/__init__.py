"""Requests as clients send them: who asks, for which session, with which values and which wishes.

Texts become JSON values as the document's schemas have them, and what is wrong becomes reasons.
"""
