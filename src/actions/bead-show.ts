import { find, type Bead } from '../domain/bead.ts';
import { detailsOf, type Details } from '../domain/detail.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSnapshot, type Snapshot } from '../ledger/read.ts';
import type { Town } from '../town.ts';
import { byBeginning, readings, type Named } from './resolve.ts';

/** Reads single beads, each ledger opened once. */
class Reading {
  readonly #town: Town;
  readonly #snapshots = new Map<string, Promise<Snapshot>>();

  constructor(town: Town) {
    this.#town = town;
  }

  #open(ledger: Ledger): Promise<Snapshot> {
    const key = `${ledger.repository.commonDir} ${ledger.ref}`;
    const known = this.#snapshots.get(key) ?? openSnapshot(ledger);
    this.#snapshots.set(key, known);
    return known;
  }

  /** The bead that a text means. Throws UnknownBead and AmbiguousId. */
  async named(cwd: string, text: string): Promise<{ readonly bead: Bead; readonly ledger: Ledger }> {
    for (const named of await readings(this.#town, cwd, text)) {
      const bead = await this.bead(named);
      if (bead !== undefined && bead.status !== 'tombstone') return { bead, ledger: named.ledger };
    }
    const named = await byBeginning(this.#town, text);
    return { bead: await (await this.#open(named.ledger)).ask((view) => find(view, named.id)), ledger: named.ledger };
  }

  async bead({ id, ledger }: Named): Promise<Bead | undefined> {
    return (await this.#open(ledger)).ask((view) => view.get(id));
  }

  async details(bead: Bead, ledger: Ledger): Promise<Details> {
    const targets = new Map<string, Bead | undefined>();
    const edges = bead.dependencies ?? [];
    const snapshot = await this.#open(ledger);
    await Promise.all(edges.map(async ({ depends_on_id: id }) => targets.set(id, await this.#anywhere(id))));
    return detailsOf(bead, (id) => targets.get(id), await snapshot.ask((view) => view.referrers(bead.id)));
  }

  async #anywhere(id: string): Promise<Bead | undefined> {
    for (const named of await readings(this.#town, this.#town.root, id)) {
      const bead = named.id === id ? await this.bead(named) : undefined;
      if (bead !== undefined) return bead;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#snapshots.values()].map(async (snapshot) => (await snapshot).close()));
  }
}

/** Everything that there is to show of the beads that texts mean. Throws UnknownBead and AmbiguousId. */
export async function showBeads(town: Town, cwd: string, texts: readonly string[]): Promise<Details[]> {
  const reading = new Reading(town);
  try {
    const found: Details[] = [];
    for (const text of texts) {
      const { bead, ledger } = await reading.named(cwd, text);
      found.push(await reading.details(bead, ledger));
    }
    return found;
  } finally {
    await reading.close();
  }
}
