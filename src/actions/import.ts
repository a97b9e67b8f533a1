import { basename } from 'node:path';
import { Refused } from '../base/errors.ts';
import { prefixOf } from '../base/ids.ts';
import { countOf } from '../base/text.ts';
import { newPrefixes, type Fault, type Format } from '../domain/exchange.ts';
import { readFormat } from '../ledger/init.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { View } from '../ledger/shards.ts';
import { transact, type LedgerChange } from '../ledger/transact.ts';
import { ledgersOf, type Town } from '../town.ts';
import { readArrivals, type Arrival, type Destination, type Plan, type Reading } from './arrivals.ts';
import { placeOf } from './bead-create.ts';
import { actOf, type Writer } from './bead-write.ts';
import { keepPrefixes } from './prefixes.ts';

/** What an import did. */
export interface Imported {
  readonly source: string;
  readonly created: number;
  readonly updated: number;
  /** Beads that are here already as the file has them, or newer. */
  readonly skipped: number;
  /** Beads that were left out because an open one here is called the same. */
  readonly twins: number;
  /** What is remembered from now on. */
  readonly memories: number;
  /** Entries about other things than beads. */
  readonly others: number;
  /** What could not be taken in, where that was to stop nothing. */
  readonly faults: readonly Fault[];
  readonly ids: readonly string[];
  /** Prefixes that the ledger holds from now on. */
  readonly prefixes: readonly string[];
  readonly dry_run: boolean;
}

export interface ImportOptions {
  readonly rig: string | undefined;
  readonly dryRun: boolean;
  readonly progress: (line: string) => void;
  /** Told by the content where it is not named. */
  readonly format?: Format | undefined;
  /** Leaves out new beads that are called like an open one that is here. */
  readonly dedup?: boolean;
  /** Takes in what can be read, and tells the rest. */
  readonly keepGoing?: boolean;
}

/** Imports of so many beads take long enough to say what they are at. */
const noteworthy = 1000;

/**
 * Takes in the beads of a file, all in one transaction or none. What is newer than ours, by `updated_at`, replaces it. The same text again changes nothing.
 * Throws Unreadable, naming every line that cannot be taken in, unless it is to keep going.
 */
export async function importBeads(writer: Writer, text: string, source: string, how: ImportOptions): Promise<Imported> {
  const { rig, dryRun, progress, keepGoing = false } = how;
  const place = placeOf(writer, rig);
  const reading = readArrivals(text, how.format, place.prefixes, (read) => progress(`read ${read} entries of ${source}`));
  const tell = reading.count < noteworthy ? () => undefined : progress;
  const stop = (faults: readonly Fault[]): void => {
    if (faults.length > 0 && !keepGoing) throw new Unreadable(source, reading.unit, faults);
  };
  const elsewhere = elsewhereOf(writer, [...reading.ids.keys()], place);
  const early = [...reading.faults, ...[...elsewhere].map(([id, why]): Fault => ({ line: reading.ids.get(id) ?? 0, reason: why }))].sort((a, b) => a.line - b.line);
  stop(early);
  tell(`read ${countOf(reading.count, 'bead')} from ${source}`);
  const strangers = new Set(elsewhere.keys());
  const added = newPrefixes([...reading.ids.keys()].filter((id) => !strangers.has(id) && prefixOf(id, place.prefixes) === undefined));
  const ledger = { ...place, prefixes: [...place.prefixes, ...added] };
  const to: Destination = { prefixes: ledger.prefixes, name: basename(source), dedup: how.dedup ?? false, strangers, act: actOf(writer) };
  let plan: Plan = { arrivals: [], memories: [], faults: [] };
  const written = (): readonly Arrival[] => plan.arrivals.filter(({ changes }) => changes.length > 0);
  const decide = (view: View): readonly LedgerChange[] => {
    plan = reading.plan(view, to);
    stop(plan.faults);
    return dryRun ? [] : [...written().flatMap(({ changes }) => changes), ...plan.memories];
  };
  await transact(ledger, writer.who, () => `Import ${countOf(written().length, 'bead')} from ${source}`, decide, added);
  const count = (...verdicts: readonly Arrival['verdict'][]): number => plan.arrivals.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return {
    source,
    created: count('new'),
    updated: count('newer'),
    skipped: count('same', 'older'),
    twins: count('twin'),
    memories: plan.memories.length,
    others: reading.others,
    faults: [...early, ...plan.faults].sort((a, b) => a.line - b.line),
    ids: written().map(({ id }) => id),
    prefixes: dryRun || added.length === 0 ? added : await keepNew(writer.town, place, added),
    dry_run: dryRun,
  };
}

/** The ids that another ledger of the town holds, each with what is wrong about that here. */
function elsewhereOf({ town }: Writer, ids: readonly string[], ledger: Ledger): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const id of ids.filter((each) => prefixOf(each, ledger.prefixes) === undefined)) {
    const home = ledgersOf(town).find(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
    if (home !== undefined) found.set(id, `${id} belongs to another ledger: gt import --rig ${town.rigs.find((rig) => rig.ledger === home)?.name ?? 'hq'}`);
  }
  return found;
}

/** Remembers on this machine those of some prefixes that the ledger holds now: an import that was killed may have brought them before. */
async function keepNew(town: Town, ledger: Ledger, added: readonly string[]): Promise<readonly string[]> {
  const format = await readFormat(ledger);
  const held = added.filter((prefix) => format?.prefixes.includes(prefix));
  if (held.length > 0) await keepPrefixes(town, town.rigs.find((rig) => rig.ledger === ledger), held);
  return held;
}

/** How many faults are told one by one. */
const told = 10;

/** A file holds what cannot be taken in; each of it is named by where it stands. */
export class Unreadable extends Refused {
  readonly code = 'import.unreadable';
  constructor(source: string, unit: Reading['unit'], faults: readonly Fault[]) {
    const lines = faults.slice(0, told).map(({ line, reason }, index) => `${index === 0 ? `${source}, ` : ''}${unit} ${line}: ${reason}`);
    const more = faults.length > told ? [`… and ${faults.length - told} more`] : [];
    super([...lines, ...more].join('\n'), { source, unit, faults: faults.slice(0, 1000), count: faults.length }, 'mend that and run it again, or take in the rest with --keep-going; nothing was imported');
  }
}
