"""The doors: one gateway pipeline for every channel, and the web chat. Knows no entry's file format."""
