"""Deterministic rules that recognise a crisis, in five languages, before anything else looks at a message."""
