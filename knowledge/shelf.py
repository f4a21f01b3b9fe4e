"""The knowledge base as it is at this moment, for whoever shows entries without searching them."""

from __future__ import annotations

from pathlib import Path

from knowledge.library import Library, content_version, load


class Shelf:
    """Holds one library and replaces it as a whole when the files changed."""

    def __init__(self, folder: Path) -> None:
        """Raises KnowledgeError when the folder cannot be read."""
        self.folder = folder
        self.library: Library = load(folder)

    def reload(self) -> None:
        """Reads the files again if they changed. Raises KnowledgeError; what was there stays."""
        if content_version(self.folder) != self.library.version:
            self.library = load(self.folder)
