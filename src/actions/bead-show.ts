import { Failure } from '../base/errors.ts';
import { prefixOf } from '../base/ids.ts';
import { find, type Bead } from '../domain/bead.ts';
import { detailsOf, type Details } from '../domain/detail.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSnapshot, type Snapshot } from '../ledger/read.ts';
import { isWispId } from '../ledger/wisps.ts';
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
    const named = await byBeginning(this.#town, text, cwd);
    return { bead: await (await this.#open(named.ledger)).ask((view) => find(view, named.id)), ledger: named.ledger };
  }

  /** The bead; where git is asked for it, together with those that have an edge to it, which its details will want. */
  async bead({ id, ledger }: Named): Promise<Bead | undefined> {
    const snapshot = await this.#open(ledger);
    const { keptBeads } = await import('../ledger/projection.ts');
    return (await keptBeads(ledger, snapshot.commit, [id])).get(id) ?? snapshot.ask((view) => (view.load([id, ...view.referrerIds(id)]), view.get(id)));
  }

  async details(bead: Bead, ledger: Ledger): Promise<Details> {
    const ids = (bead.dependencies ?? []).map((edge) => edge.depends_on_id);
    const own = ids.filter((id) => prefixOf(id, ledger.prefixes) !== undefined && !isWispId(id));
    const { referrersOf } = await import('../ledger/projection.ts');
    const referrers = (await referrersOf(ledger, (await this.#open(ledger)).commit, bead.id)).map(({ id }) => id);
    const near = await this.#beads(ledger, [...own, ...referrers]);
    const far = await Promise.all(ids.filter((id) => !own.includes(id)).map((id) => this.#anywhere(id)));
    const targets = new Map([...near, ...far].map((target) => [target?.id, target]));
    return detailsOf(bead, (id) => targets.get(id), referrers.flatMap((id) => targets.get(id) ?? []));
  }

  async #beads(ledger: Ledger, ids: readonly string[]): Promise<(Bead | undefined)[]> {
    const snapshot = await this.#open(ledger);
    const { keptBeads } = await import('../ledger/projection.ts');
    const kept = await keptBeads(ledger, snapshot.commit, ids);
    const others = ids.filter((id) => !kept.has(id));
    const asked = others.length === 0 ? [] : await snapshot.ask((view) => (view.load(others), others.map((id) => view.get(id))));
    return [...kept.values(), ...asked];
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

/**
 * Everything that there is to show of the beads that texts mean. Where `tell` is given, a text of several that means none is told, and only when all do is that thrown.
 * Throws UnknownBead, AmbiguousId and NoneDone.
 */
export async function showBeads(town: Town, cwd: string, texts: readonly string[], tell?: (text: string, failure: Failure) => void): Promise<Details[]> {
  const reading = new Reading(town);
  try {
    const found: Details[] = [];
    const failures: { bead: string; failure: Failure }[] = [];
    for (const text of texts) {
      try {
        const { bead, ledger } = await reading.named(cwd, text);
        found.push(await reading.details(bead, ledger));
      } catch (error) {
        if (!(error instanceof Failure) || tell === undefined || texts.length === 1) throw error;
        failures.push({ bead: text, failure: error });
      }
    }
    if (found.length === 0 && failures.length > 0) throw new (await import('./bead-change.ts')).NoneDone(failures);
    for (const { bead, failure } of failures) tell?.(bead, failure);
    return found;
  } finally {
    await reading.close();
  }
}
