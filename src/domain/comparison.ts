import { same } from '../base/jsonl.ts';
import { renamedTo, type Bead } from './bead.ts';
import { changedParts, differences, type PartChange } from './history.ts';

/** What became of a bead from one state of a ledger to another. */
export interface Fate {
  readonly id: string;
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly title: string;
  /** In words, one thing each. */
  readonly changes: readonly string[];
  readonly parts: readonly PartChange[];
}

/** The beads that differ between two states of a ledger, by id; one that was renamed is one bead. */
export function fates(before: ReadonlyMap<string, Bead>, after: ReadonlyMap<string, Bead>): Fate[] {
  const names = new Map([...before].map(([id, bead]): [string, Bead] => [renamedTo(after.get(id)) ?? id, bead]).filter(([, bead]) => renamedTo(bead) === undefined));
  return [...new Set([...names.keys(), ...after.keys()])].sort().flatMap((id): Fate[] => {
    const [was, is] = [names.get(id), after.get(id)];
    if (same(was, is) || renamedTo(is) !== undefined) return [];
    const [lived, lives] = [was, is].map((bead) => bead !== undefined && bead.status !== 'tombstone');
    if (lived !== true && lives !== true) return [];
    const changes = differences(lived === true ? was : undefined, is);
    const called = was === undefined || was.id === id ? [] : [`called ${was.id} so far`];
    if (called.length + changes.length === 0) return [];
    return [{ id, kind: lived !== true ? 'added' : lives === true ? 'changed' : 'deleted', title: (lives === true ? is : was)?.title ?? '', changes: [...called, ...changes], parts: changedParts(was, is) }];
  });
}
