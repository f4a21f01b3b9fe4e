"""The editors' desk, /desk: signing in, the list, the entry page, vetting, gaps, spreadsheets; templates and texts beside.

Every route asks `need(act)` who may. Nothing here writes an entry or runs git: that is `knowledge/workshop.py`. No inline
script or style, no third party, and nothing that somebody typed in a log.
"""
