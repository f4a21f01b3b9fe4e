"""Doubles of the services Kompas talks to, each a real HTTP server that enforces the real one's limits."""
