import { Refused } from '../base/errors.ts';
import { prefixOf } from '../base/ids.ts';
import { BadLine, canonical, parseLines } from '../base/jsonl.ts';
import type { Bead } from '../domain/bead.ts';
import { compare, isOther, newPrefixes, readBead } from '../domain/exchange.ts';
import { imported, importedBirth, importedOver } from '../ledger/imported.ts';
import { initLedger } from '../ledger/init.ts';
import { replaceFile, type Ledger } from '../ledger/ledger.ts';
import { openSnapshot } from '../ledger/read.ts';
import type { Stored } from '../ledger/stamps.ts';
import { transact, type LedgerChange } from '../ledger/transact.ts';
import { keepPrefixes, ledgersOf } from '../town.ts';
import { placeOf } from './bead-create.ts';
import type { Writer } from './bead-write.ts';

/** What an import did. */
export interface Imported {
  readonly source: string;
  readonly created: number;
  readonly updated: number;
  /** Lines that say what is so already, or that are older than what is here. */
  readonly skipped: number;
  /** Lines about other things than beads. */
  readonly others: number;
  readonly ids: readonly string[];
  /** Prefixes that the ledger holds from now on. */
  readonly prefixes: readonly string[];
  readonly dry_run: boolean;
}

/** Imports of so many beads take long enough to say what they are at. */
const noteworthy = 1000;

/**
 * Takes in the beads of a JSON Lines text, all in one transaction or none. What is newer than ours, by `updated_at`, replaces it. The same text again changes nothing.
 * Throws BadLine, naming the line, and BeadElsewhere for ids of another ledger of the town.
 */
export async function importBeads(writer: Writer, text: string, source: string, how: { readonly rig: string | undefined; readonly dryRun: boolean; readonly progress: (line: string) => void }): Promise<Imported> {
  const { beads, others } = readAll(text, source);
  const tell = beads.size < noteworthy ? () => undefined : how.progress;
  tell(`read ${beads.size} beads from ${source}`);
  const { ledger, added } = await homeFor(writer, [...beads.keys()], placeOf(writer, how.rig), how.dryRun);
  let tally = { created: 0, updated: 0, skipped: 0 };
  let ids: readonly string[] = [];
  await transact(ledger, writer.who, () => `Import ${ids.length} beads from ${source}`, (view) => {
    view.load(beads.keys());
    const changes: LedgerChange[] = [];
    tally = { created: 0, updated: 0, skipped: 0 };
    const births = (id: string): string | undefined => view.stored(id)?.clock.born ?? (beads.has(id) ? importedBirth(beads.get(id) as Bead) : undefined);
    for (const [id, bead] of beads) {
      const ours = view.stored(id);
      const verdict = compare(ours?.bead, bead, ours !== undefined && canonical(ours.bead) === canonical(bead));
      if (verdict === 'new') tally.created += 1;
      else if (verdict === 'newer') tally.updated += 1;
      else tally.skipped += 1;
      if (verdict === 'new' || verdict === 'newer') changes.push({ op: 'bead.imported', id, stored: storedFor(ours, bead, births) });
    }
    ids = changes.map((change) => ('id' in change ? change.id : ''));
    tell(`writing ${changes.length} beads`);
    return how.dryRun ? [] : changes;
  });
  return { source, ...tally, others, ids, prefixes: added, dry_run: how.dryRun };
}

function storedFor(ours: Stored | undefined, bead: Bead, births: (id: string) => string | undefined): Stored {
  return ours === undefined ? imported(bead, births) : importedOver(ours, bead, births);
}

/** Every bead of the text by its id; of several lines for one, the newest. */
function readAll(text: string, source: string): { readonly beads: ReadonlyMap<string, Bead>; readonly others: number } {
  const beads = new Map<string, Bead>();
  let others = 0;
  for (const { line, value } of parseLines(text, source)) {
    if (isOther(value)) {
      others += 1;
      continue;
    }
    const bead = readBead(value);
    if (typeof bead === 'string') throw new BadLine(source, line, bead);
    const known = beads.get(bead.id);
    if (known === undefined || compare(known, bead, false) === 'newer') beads.set(bead.id, bead);
  }
  return { beads, others };
}

/** The ledger that the ids go to. A prefix that no ledger of the town has is added to it. */
async function homeFor({ town, who }: Writer, ids: readonly string[], ledger: Ledger, dryRun: boolean): Promise<{ readonly ledger: Ledger; readonly added: readonly string[] }> {
  const strange = ids.filter((id) => prefixOf(id, ledger.prefixes) === undefined);
  for (const id of strange) {
    const home = ledgersOf(town).find(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
    if (home !== undefined) throw new BeadElsewhere(id, home, town.rigs.find((rig) => rig.ledger === home)?.name ?? 'hq');
  }
  const added = newPrefixes(strange);
  if (added.length === 0 || dryRun) return { ledger, added };
  const wider = { ...ledger, prefixes: [...ledger.prefixes, ...added] };
  await initLedger(wider, who);
  keepPrefixes(town, ledger, added);
  return { ledger: wider, added };
}

/** Every bead of a ledger as a line of canonical JSON, sorted by id, deletions included; what only our own merging needs is left out. */
export async function exportBeads(ledgers: readonly Ledger[]): Promise<string[]> {
  const beads: Bead[] = [];
  for (const ledger of ledgers) {
    const snapshot = await openSnapshot(ledger);
    try {
      for (const bead of await snapshot.ask((view) => [...view.all()])) beads.push(bead);
    } finally {
      await snapshot.close();
    }
  }
  return beads.sort((a, b) => (a.id < b.id ? -1 : 1)).map(canonical);
}

/** Writes an export to a file, whole or not at all. */
export function writeExport(path: string, lines: readonly string[]): void {
  replaceFile(path, lines.map((line) => `${line}\n`).join(''));
}

/** A bead of the file belongs to another ledger of the town than the one that the file is read into. */
export class BeadElsewhere extends Refused {
  readonly code = 'import.elsewhere';
  constructor(id: string, home: Ledger, rig: string) {
    super(`${id} belongs to another ledger, the one for ${home.prefixes.join(', ')}; nothing was imported`, { id, prefixes: home.prefixes }, `gt import --rig ${rig} <file>`);
  }
}
