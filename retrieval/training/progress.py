"""What a long run tells: one line at a time, and its losses as a table and a plot."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

BEGAN = time.monotonic()


def say(line: str) -> None:
    """One line of progress with the minutes since the start."""
    sys.stdout.write(f"[{(time.monotonic() - BEGAN) / 60:6.1f} min] {line}\n")
    sys.stdout.flush()


class Losses:
    """The losses of a run, averaged over fifty steps a line, in a file that survives an interrupted run."""

    EVERY = 50

    def __init__(self, path: Path, done: int) -> None:
        self.path = path
        kept = path.read_text().splitlines() if path.is_file() and done else []
        self._lines = [line for line in kept if int(line.split("\t")[0]) <= done]
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, step: int, **values: Any) -> None:
        """Counts the losses of one step."""
        self._count += 1
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())
        if step % self.EVERY == 0:
            means = [f"{name}={total / self._count:.4f}" for name, total in self._sums.items()]
            self._lines.append("\t".join([str(step), *means]))
            self._sums, self._count = {}, 0
            self.path.write_text("\n".join(self._lines) + "\n")

    def last(self) -> str:
        """The last line, for people."""
        return self._lines[-1].partition("\t")[2].replace("\t", ", ") if self._lines else "no losses yet"

    def plot(self, target: Path, title: str) -> None:
        """Draws the losses over the steps; a run too short for one line draws nothing."""
        if not self._lines:
            return
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(7, 4))
        rows = [line.split("\t") for line in self._lines]
        for column, name in enumerate((cell.split("=")[0] for cell in rows[0][1:]), start=1):
            axes.plot([int(row[0]) for row in rows], [float(row[column].split("=")[1]) for row in rows], label=name)
        axes.set(xlabel="step", ylabel="loss", title=title)
        axes.legend()
        figure.savefig(target, dpi=120)
        pyplot.close(figure)
