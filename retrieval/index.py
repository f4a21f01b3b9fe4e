"""Everything retrieval knows of one version of the knowledge base, built once and never changed after."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.entry import LANGUAGES
from knowledge.glossary import Glossary
from knowledge.library import Library
from knowledge.text import fold
from retrieval import lexical, probe
from retrieval.analysis import terms
from retrieval.encoder import Vectors
from retrieval.lexical import LexicalIndex, Numbers, Terms
from retrieval.vectors import Store

# The owner of a phrasing that Kompas must not answer (`intents/`, out_of_scope): the last place of every belief.
OUTSIDE = -1
# The lexical index over the phrasings of all languages at once: mixed-language questions find their entry there.
ALL = "all"


@dataclass(frozen=True)
class Phrasing:
    """One way to ask, its language, and the row of its entry in `Index.ids` (or OUTSIDE)."""

    owner: int
    language: str
    text: str


@dataclass(frozen=True)
class Index:
    """`owners[i]` belongs to vector i of `dense`; beliefs have one place per id and one for OUTSIDE."""

    library: Library
    ids: tuple[str, ...]
    owners: NDArray[np.int64]
    dense: Any
    probe: Vectors
    lexical: dict[str, LexicalIndex]


def build(library: Library, store: Store, outside: dict[str, list[str]] | None = None, known: Terms | None = None) -> Index:
    """Indexes every phrasing of every language, and `outside` questions (by language) that belong to no entry.

    `known` remembers the terms of one build for the next.
    """
    import faiss

    ids = tuple(library.entries)
    phrasings = _phrasings(library, ids, outside or {})
    # People type without accents: each phrasing is known as written and as typed on a phone.
    folded = [fold(phrasing.text) for phrasing in phrasings]
    bare = [Phrasing(p.owner, p.language, text) for p, text in zip(phrasings, folded, strict=True) if text != p.text.lower()]
    everything = phrasings + bare
    vectors = store.vectors([phrasing.text for phrasing in everything])
    owners = np.array([phrasing.owner for phrasing in everything], dtype=np.int64)
    dense = faiss.IndexFlatIP(vectors.shape[1])
    dense.add(vectors)
    return Index(
        library=library,
        ids=ids,
        owners=owners,
        dense=dense,
        probe=probe.fit(vectors, owners, len(ids) + 1),
        lexical=_lexical(phrasings, len(ids) + 1, library.glossary, known or Terms()),
    )


def _phrasings(library: Library, ids: tuple[str, ...], outside: dict[str, list[str]]) -> list[Phrasing]:
    row = {entry: i for i, entry in enumerate(ids)}
    inside = [Phrasing(row[entry], language, text) for entry, language, text in library.phrasings()]
    return inside + [Phrasing(OUTSIDE, language, text) for language, texts in outside.items() for text in texts]


def _lexical(phrasings: list[Phrasing], places: int, glossary: Glossary, known: Terms) -> dict[str, LexicalIndex]:
    documents: dict[str, list[list[Numbers]]] = defaultdict(lambda: [[] for _ in range(places)])
    known.under(glossary)
    for phrasing in phrasings:
        take_apart = partial(terms, phrasing.text, phrasing.language, glossary)
        found = known.of((phrasing.language, phrasing.text), take_apart)
        documents[phrasing.language][phrasing.owner].append(found)
        documents[ALL][phrasing.owner].append(found)
    known.keep({(phrasing.language, phrasing.text) for phrasing in phrasings})
    return {name: lexical.build(documents[name], known) for name in (*LANGUAGES, ALL)}


def with_library(index: Index, library: Library) -> Index | None:
    """The index around another version of its library, at once; None where a way to ask changed and it must be built."""
    same = index.ids == tuple(library.entries) and index.library.glossary == library.glossary
    if not same or any(one != other for one, other in zip_longest(index.library.phrasings(), library.phrasings())):
        return None
    return replace(index, library=library)
