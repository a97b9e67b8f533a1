import type { Bead } from './bead.ts';
import { matches } from './matching.ts';
import { openWork } from './query.ts';

/** Two beads that say nearly the same. */
export interface Resemblance {
  readonly one: Bead;
  readonly other: Bead;
  /** Of all words that either says, the part that both say: above 0 to 1. */
  readonly similarity: number;
}

/** Words of a bead that are looked at. */
const mostWords = 300;

/** The different words of a bead's title and description, as they are compared. */
export function wordsOf({ title, description }: Bead): ReadonlySet<string> {
  const words = `${title} ${description ?? ''}`.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.slice(0, mostWords));
}

/** The pairs among these beads, work that is not done, which resemble each other at least so much and have no edge between them, the most similar first. */
export function resemblances(beads: Iterable<Bead>, least: number): Resemblance[] {
  const work = [...beads].filter((bead) => matches(openWork, bead));
  const words = work.map(wordsOf);
  const saying = new Map<string, number[]>();
  const shared = new Uint16Array(work.length);
  const found: Resemblance[] = [];
  words.forEach((own, index) => {
    const met: number[] = [];
    for (const word of own) {
      const earlier = saying.get(word);
      if (earlier === undefined) {
        saying.set(word, [index]);
        continue;
      }
      for (const each of earlier) if ((shared[each] = (shared[each] ?? 0) + 1) === 1) met.push(each);
      earlier.push(index);
    }
    for (const each of met) {
      const both = shared[each] ?? 0;
      shared[each] = 0;
      const similarity = both / (own.size + (words[each]?.size ?? 0) - both);
      const [one, other] = [work[each], work[index]];
      if (similarity >= least && one !== undefined && other !== undefined && !areLinked(one, other)) found.push(one.id < other.id ? { one, other, similarity } : { one: other, other: one, similarity });
    }
  });
  return found.sort((a, b) => b.similarity - a.similarity || (a.one.id < b.one.id || (a.one.id === b.one.id && a.other.id < b.other.id) ? -1 : 1));
}

function areLinked(one: Bead, other: Bead): boolean {
  const points = (from: Bead, to: Bead): boolean => from.dependencies?.some((edge) => edge.depends_on_id === to.id) === true;
  return points(one, other) || points(other, one);
}
