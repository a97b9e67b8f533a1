import { compareTimes } from '../base/time.ts';
import { changedParts, differences, losses, type PartChange } from '../domain/history.ts';
import { auditTrail, versionsOf, type Search, type Transcript, type Version } from '../ledger/history.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { lossesOf, type Loss } from '../ledger/losses.ts';
import type { Town } from '../town.ts';
import { byFormerId, readings, resolveBead, type Named } from './resolve.ts';

/** One write to a bead: when, by whom, and what it changed, in words and part by part. */
export interface Episode {
  readonly commit: string;
  /** RFC 3339. */
  readonly at: string;
  readonly actor: string;
  readonly session?: string;
  readonly subject: string;
  readonly changes: readonly string[];
  readonly parts: readonly PartChange[];
}

/** The life of a bead from the ledger's commits, oldest first; of a deleted one too, when it is named in full. Throws UnknownBead and AmbiguousId. */
export async function historyOf(town: Town, cwd: string, text: string): Promise<{ readonly id: string; readonly episodes: readonly Episode[] }> {
  const { id, ledger, versions } = await pastOf(town, cwd, text);
  return { id, episodes: withLosses(versions.map(episode), await lossesOf(ledger, id)) };
}

/** The audit trail of these ledgers, or of the one bead that is named, newest first. Throws UnknownBead and AmbiguousId. */
export async function ledgerLog(town: Town, cwd: string, ledgers: readonly Ledger[], { bead, ...search }: Search & { readonly bead?: string | undefined }): Promise<Transcript[]> {
  if (bead !== undefined) {
    const { ledger, versions } = await pastOf(town, cwd, bead);
    return auditTrail(ledger, search, versions);
  }
  const trails = await Promise.all(ledgers.map((ledger) => auditTrail(ledger, search)));
  const [only, ...others] = trails;
  if (only !== undefined && others.length === 0) return only;
  return trails.flat().sort((a, b) => compareTimes(b.at, a.at)).slice(0, search.limit);
}

/** What was ever written to the bead that a text means; deleted ones are known by their full ids. */
async function pastOf(town: Town, cwd: string, text: string): Promise<Named & { readonly versions: readonly Version[] }> {
  const renamed = await byFormerId(town, cwd, text);
  for (const named of renamed === undefined ? await readings(town, cwd, text) : []) {
    const versions = await versionsOf(named.ledger, named.id);
    if (versions.length > 0) return { ...named, versions };
  }
  const named = renamed ?? (await resolveBead(town, text, cwd));
  return { ...named, versions: await versionsOf(named.ledger, named.id) };
}

/** Tells beside each merge what it has overwritten; one that changed nothing else stands where its time is. */
function withLosses(episodes: readonly Episode[], found: readonly Loss[]): Episode[] {
  const told = [...episodes];
  for (const { parents: _parents, undoes: _undoes, lost, from, ...entry } of found) {
    const changes = [...(from === undefined ? [] : [`called ${from} so far, as an older bead is`]), ...losses(lost)];
    const at = told.findIndex(({ commit }) => commit === entry.commit);
    const known = told[at];
    if (known !== undefined) told[at] = { ...known, changes: [...known.changes, ...changes] };
    else if (changes.length > 0) told.splice(told.findLastIndex((other) => compareTimes(other.at, entry.at) <= 0) + 1, 0, { ...entry, changes, parts: [] });
  }
  return told;
}

function episode({ parents: _parents, undoes: _undoes, before, after, ...entry }: Version): Episode {
  const changes = differences(before, after);
  return { ...entry, changes: changes.length > 0 ? changes : [entry.subject], parts: changedParts(before, after) };
}
