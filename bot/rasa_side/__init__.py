"""What Rasa imports in its own environment (Python 3.10). Imports nothing else of this repository."""
