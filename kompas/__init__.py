"""Wiring: settings, the commands, and the supervisor of the processes. The only package that knows all the others."""
