// Finding by words, as channels/find/words.py does it; a test holds the two together.
const ALIKE = 0.6;
const SHORTEST_BEGINNING = 3;
const FURTHER = 0.8;
const PLAIN = { "ł": "l", "đ": "d", "ß": "ss", "ø": "o", "’": "'", "‘": "'", "`": "'" };

export function wordsOf(text) {
  const plain = text.toLowerCase().normalize("NFKD").replace(/[łđßø’‘`]/g, (letter) => PLAIN[letter]).replace(/\p{M}/gu, "");
  return plain.match(/[\p{L}\p{N}]+/gu) || [];
}

export function beginning(word) {
  return word.length < 6 ? word : word.slice(0, -2);
}

function together(lines) {
  return (1 - FURTHER) * lines.sort((one, other) => other - one).reduce((sum, score, place) => sum + score * FURTHER ** place, 0);
}

export class WordIndex {
  // lines: [[name of the entry, a way to ask for it], …]
  constructor(lines) {
    this.owners = [];
    this.lines = new Map();
    const told = [];
    for (const [owner, text] of lines) {
      const words = [...new Set(wordsOf(text))];
      for (const word of words) {
        if (!this.lines.has(word)) this.lines.set(word, []);
        this.lines.get(word).push(told.length);
      }
      this.owners.push(owner);
      told.push(words);
    }
    this.vocabulary = [...this.lines.keys()].sort();
    this.rarity = new Map([...this.lines].map(([word, found]) => [word, Math.log(1 + told.length / found.length)]));
    this.sizes = told.map((words) => Math.sqrt(words.reduce((sum, word) => sum + this.rarity.get(word), 0)));
    this.unknown = Math.log(1 + told.length);
  }

  search(text, most = 10) {
    const asked = [...new Set(wordsOf(text))];
    const size = Math.sqrt(asked.reduce((sum, word) => sum + (this.rarity.get(word) ?? this.unknown), 0));
    const totals = new Map();
    for (const word of asked) {
      for (const [line, weight] of this.hits(word)) totals.set(line, (totals.get(line) || 0) + weight);
    }
    const scores = new Map();
    for (const [line, total] of totals) {
      const owner = this.owners[line];
      if (!scores.has(owner)) scores.set(owner, []);
      scores.get(owner).push(total / (size * this.sizes[line]));
    }
    const found = [...scores].map(([owner, lines]) => [owner, together(lines)]);
    return found.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, most);
  }

  hits(word) {
    const found = new Map();
    for (const known of this.alike(word)) {
      const weight = this.rarity.get(known) * (known === word ? 1 : ALIKE);
      for (const line of this.lines.get(known)) found.set(line, Math.max(found.get(line) || 0, weight));
    }
    return found;
  }

  alike(word) {
    const start = beginning(word);
    if (start.length < SHORTEST_BEGINNING) return this.lines.has(word) ? [word] : [];
    let low = 0;
    let high = this.vocabulary.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.vocabulary[middle] < start) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (; low < this.vocabulary.length && this.vocabulary[low].startsWith(start); low += 1) found.push(this.vocabulary[low]);
    return found;
  }
}
