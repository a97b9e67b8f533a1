import { isBuiltIn, type Bead } from '../domain/bead.ts';
import { counted, type Counted } from '../domain/detail.ts';
import { isNamed, matches, orderBy, says } from '../domain/matching.ts';
import { isParticular, wantsDone, type Query } from '../domain/query.ts';
import { readRef } from '../git/refs.ts';
import { keptDifference, type Difference } from './kept-difference.ts';
import type { Ledger } from './ledger.ts';
import { referrersAt } from './projection.ts';
import { openTexts, plainId, type Manner, type Texts } from './texts.ts';

/** Beads that were found, most urgent first. */
export interface Found {
  readonly beads: readonly Bead[];
  /** How many were looked at and fit. */
  readonly total: number;
  /** Whether all were looked at. */
  readonly whole: boolean;
}

/** Whoever has found enough goes on counting in so many bytes of texts, and no further: about six thousand beads. */
const countedLength = 1 << 21;

/** Opens what is kept of a ledger for searches, and has it made where it is missing. Undefined where all beads have to be read for this text and query. */
export async function openSearch(ledger: Ledger, text: string, query: Query): Promise<Search | undefined> {
  if (ledger.at !== undefined || !/^[^\u0000-\u001f\ufffd]+$/.test(text) || !text.isWellFormed() || wantsDone(query) || isStrange(query)) return undefined;
  const commit = await readRef(ledger.repository, ledger.ref);
  const texts = commit === undefined ? undefined : (openTexts(ledger) ?? (await madeTexts(ledger)));
  if (commit === undefined || texts === undefined) return undefined;
  try {
    const difference = texts.header.commit === commit ? nothing : (keptDifference(ledger, texts.header.commit, commit) ?? (await (await import('./difference.ts')).differenceSince(ledger, texts.header.commit, commit)));
    if (difference !== undefined) return new Search(ledger, commit, texts, difference, text, query);
  } catch (error) {
    texts.close();
    throw error;
  }
  texts.close();
  return undefined;
}

const nothing: Difference = { before: new Map<string, Bead>(), after: new Map<string, Bead>() };

/** Whether a status is asked for that may be a slip of the hand. */
function isStrange(query: Query): boolean {
  return query.statuses.some((status) => !isBuiltIn(status));
}

async function madeTexts(ledger: Ledger): Promise<Texts | undefined> {
  (await import('./making-texts.ts')).makeTexts(ledger);
  return openTexts(ledger);
}

/** A search for one text in one ledger. */
export class Search {
  readonly ledger: Ledger;
  readonly #commit: string;
  readonly #texts: Texts;
  readonly #difference: Difference;
  /** The ids in it, as the files have them, and what these beads point at. */
  readonly #changed = new Set<string>();
  readonly #targets = new Set<string>();
  readonly #text: string;
  readonly #query: Query;
  #left: readonly string[] = [];
  readonly #dependents = new Map<Bead, number>();
  #referrers: ReturnType<typeof referrersAt> | undefined;

  constructor(ledger: Ledger, commit: string, texts: Texts, difference: Difference, text: string, query: Query) {
    this.ledger = ledger;
    this.#commit = commit;
    this.#texts = texts;
    this.#difference = difference;
    for (const beads of [difference.before, difference.after]) {
      for (const { id, dependencies = [] } of beads.values()) {
        this.#changed.add(plainId(id));
        for (const edge of dependencies) this.#targets.add(edge.depends_on_id);
      }
    }
    this.#text = text;
    this.#query = query;
  }

  /** Whether a bead has a status that the settings add. */
  get custom(): boolean {
    return this.#texts.header.custom || [...this.#difference.after.values()].some(({ status }) => !isBuiltIn(status));
  }

  /** Leaves out the beads with these statuses. */
  leaveOut(statuses: readonly string[]): void {
    this.#left = statuses;
  }

  /** Whether any bead is found. Throws where the files are damaged. */
  has(manner: Manner): boolean {
    return this.find(manner, 0, 0).total > 0;
  }

  /** The beads that are found, at least the first `limit` of them. Where there are more, one of these is counted at least, and no further than so many bytes of texts reach. Throws where the files are damaged. */
  find(manner: Manner, limit: number, counting: number = countedLength): Found {
    const fresh = [...this.#difference.after.values()].filter((bead) => this.#isMeant(manner, bead) && this.#isWanted(bead));
    const kept = this.#kept(manner, limit, counting);
    if (fresh.length === 0) return kept;
    return { beads: [...kept.beads, ...fresh].sort(orderBy('priority')), total: kept.total + fresh.length, whole: kept.whole };
  }

  #isWanted(bead: Bead): boolean {
    return matches(this.#query, bead) && !this.#left.includes(bead.status);
  }

  #isMeant(manner: Manner, bead: Bead): boolean {
    if (manner === 'called') return bead.id === this.#text;
    return isNamed(bead, this.#text) || (manner === 'saying' && says(bead, this.#text));
  }

  /** Those that have not changed since the files were made. */
  #kept(manner: Manner, limit: number, counting: number): Found {
    const plain = !isParticular(this.#query);
    const beads: Bead[] = [];
    let total = 0;
    for (const hits = this.#texts.hits(manner, this.#text); hits.end < Infinity; hits.next()) {
      const enough = beads.length >= limit;
      if (total > limit && hits.end > counting) return { beads, total, whole: false };
      if (this.#changed.size > 0 && this.#changed.has(this.#texts.id(hits.entry))) continue;
      const bead = enough && plain && hits.open ? undefined : this.#texts.bead(hits.entry);
      if (bead !== undefined && !this.#isWanted(bead)) continue;
      total += 1;
      if (bead === undefined || enough) continue;
      beads.push(bead);
      this.#dependents.set(bead, this.#texts.place(hits.entry)[3]);
    }
    return { beads, total, whole: true };
  }

  /** A bead that was found, with how many others have an edge to it. */
  async counted(bead: Bead): Promise<Counted> {
    const known = this.#targets.has(bead.id) ? undefined : this.#dependents.get(bead);
    if (known !== undefined) return counted(bead, known);
    this.#referrers ??= referrersAt(this.ledger, this.#commit);
    return counted(bead, (await this.#referrers)(bead.id).length);
  }

  close(): void {
    this.#texts.close();
  }
}
