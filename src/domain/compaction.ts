import { Refused } from '../base/errors.ts';
import { timeOf } from '../base/time.ts';
import { find, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { checkText } from './field.ts';
import { townTypes } from './kind.ts';

/** The texts of a bead that a summary stands for. */
const texts = ['description', 'design', 'acceptance_criteria', 'notes'] as const;

const day = 86_400_000;
/** How many days a bead has been closed before each level of compaction. */
const levelDays: readonly number[] = [30, 90];
/** Bytes of text that are not worth a summary. */
const little = 400;
/** Characters that stay of a text that is cut. */
const kept = 300;

/** A bead that has been closed for so long that a summary would do. */
export interface Candidate {
  readonly bead: Bead;
  /** The level that it would come to. */
  readonly level: number;
  readonly days: number;
  /** Bytes of its texts. */
  readonly size: number;
}

/** How many bytes the texts of a bead take. */
export function textSize(bead: Bead): number {
  return texts.reduce((sum, key) => sum + (typeof bead[key] === 'string' ? new TextEncoder().encode(bead[key]).length : 0), 0);
}

function levelOf(bead: Bead): number {
  return typeof bead['compaction_level'] === 'number' ? bead['compaction_level'] : 0;
}

/** The beads among these that may be compacted, the largest first; `now` in milliseconds. */
export function candidates(beads: Iterable<Bead>, now: number): Candidate[] {
  const found: Candidate[] = [];
  for (const bead of beads) {
    const days = Math.floor((now - (timeOf(bead.closed_at) ?? now)) / day);
    const level = levelOf(bead);
    const size = textSize(bead);
    if (bead.status === 'closed' && !townTypes.includes(bead.issue_type) && size > little && days >= (levelDays[level] ?? Infinity)) found.push({ bead, level: level + 1, days, size });
  }
  return found.sort((a, b) => b.size - a.size || (a.bead.id < b.bead.id ? -1 : 1));
}

/**
 * Puts a summary in the place of all that a closed bead says at length; without one, each text is cut to how it begins. `commit` of the ledger holds the whole of it. Comments and
 * everything else stay. Throws UnknownBead and NotCompactable.
 */
export function compact(beads: Beads, id: string, summary: string | undefined, how: { readonly force: boolean; readonly commit: string }, act: Act): BeadChange[] {
  const bead = find(beads, id);
  const due = candidates([bead], timeOf(act.at) ?? 0)[0];
  if (bead.status !== 'closed') throw new NotCompactable(id, 'it is not closed', `gt close ${id}`);
  if (due === undefined && !how.force) throw new NotCompactable(id, reasonOf(bead), `gt compact ${id} --force`);
  const said = summary?.trim();
  if (said === '') throw new NotCompactable(id, 'the summary says nothing', `gt compact ${id} --summary "…"`);
  const fields = said === undefined ? Object.fromEntries(texts.map((key) => [key, shortened(bead[key])])) : { description: checkText('summary', said), design: undefined, acceptance_criteria: undefined, notes: undefined };
  const after: Bead = { ...bead, ...fields };
  if (textSize(after) >= textSize(bead)) {
    if (said === undefined) return [];
    throw new NotCompactable(id, 'the summary is not shorter than what it stands for', `gt compact ${id} --trim`);
  }
  const size = typeof bead['original_size'] === 'number' && bead['original_size'] > 0 ? bead['original_size'] : textSize(bead);
  const first = typeof bead['compacted_at_commit'] === 'string' ? bead['compacted_at_commit'] : how.commit;
  return [{ op: 'bead.edited', id, at: act.at, set: { ...fields, compaction_level: Math.min(levelOf(bead) + 1, levelDays.length), compacted_at: act.at, compacted_at_commit: first, original_size: size } }];
}

function reasonOf(bead: Bead): string {
  if (townTypes.includes(bead.issue_type)) return `the town keeps books with ${bead.issue_type} beads`;
  if (textSize(bead) <= little) return 'it says little enough';
  const days = levelDays[levelOf(bead)];
  return days === undefined ? 'it is a summary of a summary already' : `it was closed less than ${days} days ago`;
}

/** How a text begins, up to the end of a word. */
function shortened(text: unknown): unknown {
  if (typeof text !== 'string' || text.length <= kept) return text;
  const start = text.slice(0, kept).toWellFormed();
  return `${start.slice(0, Math.max(start.lastIndexOf(' '), start.lastIndexOf('\n'), kept / 2)).trimEnd()} …`;
}

/** The bead cannot be made shorter, or not yet. */
export class NotCompactable extends Refused {
  readonly code = 'bead.not-compactable';
  constructor(id: string, why: string, hint: string) {
    super(`${id} was not compacted: ${why}`, { id, why }, hint);
  }
}
