import { prefixOf } from '../base/ids.ts';
import { nearest } from '../base/text.ts';
import { renamedTo, UnknownBead } from '../domain/bead.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { allIds } from '../ledger/projection.ts';
import { AmbiguousId, consult, hasLedger } from '../ledger/read.ts';
import { isWispId, wispsOf } from '../ledger/wisps.ts';
import { hqPrefix, ledgersOf, rigAt, type Town } from '../town.ts';

/** A bead by its full id, and the ledger that holds it. */
export interface Named {
  readonly id: string;
  readonly ledger: Ledger;
}

/** The prefix of the ledger that a folder of the town writes to. */
function prefixAt(town: Town, cwd: string): string {
  return rigAt(town, cwd)?.prefix ?? hqPrefix;
}

/** Where a text may be the full id of a bead, best first: as it stands, then with the prefix of the place; without looking whether it is there. */
export async function readings(town: Town, cwd: string, text: string): Promise<Named[]> {
  const ledgers = ledgersOf(town);
  const whole = [text, `${prefixAt(town, cwd)}-${text}`].filter((id) => /^[\w.+-]{1,255}$/.test(id));
  const found: Named[] = [];
  for (const id of whole) {
    const ledger = ledgers.find(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
    if (ledger === undefined) continue;
    // Ephemeral beads have a ledger only once there was one.
    if (isWispId(id) && (await hasLedger(wispsOf(ledger)))) found.push({ id, ledger: wispsOf(ledger) });
    found.push({ id, ledger });
  }
  return found;
}

/** Finds the bead that a text means: its full id, the id without its prefix, or the only id that begins so. Throws UnknownBead and AmbiguousId. */
export async function resolveBead(town: Town, text: string, cwd: string = town.root): Promise<Named> {
  for (const named of await readings(town, cwd, text)) if (await isThere(named)) return named;
  return byBeginning(town, text, cwd);
}

/** The full id of the bead that a text means. Throws UnknownBead and AmbiguousId. */
export async function resolveId(town: Town, text: string, cwd?: string): Promise<string> {
  return (await resolveBead(town, text, cwd)).id;
}

async function isThere({ id, ledger }: Named): Promise<boolean> {
  const bead = await consult(ledger, (view) => view.get(id));
  return bead !== undefined && bead.status !== 'tombstone';
}

/** The bead that is called otherwise now than by this text; undefined where there is none. */
export async function byFormerId(town: Town, cwd: string, text: string): Promise<Named | undefined> {
  for (const { id, ledger } of await readings(town, cwd, text)) {
    const to = renamedTo(await consult(ledger, (view) => view.get(id)));
    if (to !== undefined) return { id: to, ledger };
  }
  return undefined;
}

/** The bead that had this id before; else the only one whose id, with or without its prefix, begins like this; where a bead and its children do, the bead. Throws UnknownBead and AmbiguousId. */
export async function byBeginning(town: Town, text: string, cwd: string): Promise<Named> {
  const renamed = await byFormerId(town, cwd, text);
  if (renamed !== undefined) return renamed;
  const known: Named[] = [];
  for (const ledger of ledgersOf(town)) {
    for (const each of [ledger, wispsOf(ledger)]) if (each === ledger || (await hasLedger(each))) for (const id of await allIds(each)) known.push({ id, ledger: each });
  }
  const fitting = text === '' ? [] : known.filter(({ id, ledger }) => begins(id, text, ledger.prefixes));
  const [only, ...others] = fitting.filter(({ id }) => !fitting.some((other) => id.startsWith(`${other.id}.`)));
  if (only === undefined) throw new UnknownBead(text, nearest(text, known.map(({ id }) => id)));
  if (others.length > 0) throw new AmbiguousId(text, fitting.map(({ id }) => id));
  return only;
}

function begins(id: string, text: string, prefixes: readonly string[]): boolean {
  const prefix = prefixOf(id, prefixes);
  return id.startsWith(text) || (prefix !== undefined && id.startsWith(text, prefix.length + 1));
}

/**
 * Does something with the bead that a text means, without looking it up first: what is typed in full, as it mostly is, is tried as it stands. `verb` must
 * throw UnknownBead where the bead is not there, and have done nothing then. Throws UnknownBead and AmbiguousId.
 */
export async function onBead<T>(town: Town, cwd: string, text: string, verb: (named: Named) => Promise<T>): Promise<T> {
  for (const named of await readings(town, cwd, text)) {
    const found = await unlessUnknown(named.id, () => verb(named));
    if (found !== undefined) return found.value;
  }
  return verb(await byBeginning(town, text, cwd));
}

async function unlessUnknown<T>(id: string, work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UnknownBead && error.data['id'] === id) return undefined;
    throw error;
  }
}
