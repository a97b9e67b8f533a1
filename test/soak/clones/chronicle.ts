import type { Stamp } from '../../../src/base/clock.ts';
import { workingStatuses, type Bead } from '../../../src/domain/bead.ts';
import { settingLeaves } from '../../../src/domain/setting.ts';
import { givenId, markedId } from '../../../src/ledger/births.ts';
import { isRedirect } from '../../../src/ledger/renaming.ts';
import type { Stored } from '../../../src/ledger/stored.ts';
import { partsOf, phaseIn, type Records } from '../../helpers/replicas.ts';
import type { Bits } from './bits.ts';

/** One write to one part of a bead, and which others its writer knew; made from no stamp. */
interface Said {
  readonly number: number;
  /** As JSON; undefined where the part was removed. */
  readonly value: string | undefined;
  readonly knows: Bits;
}

interface Closing {
  readonly number: number;
  readonly closes: boolean;
  readonly undoes: boolean;
  readonly knows: Bits;
}

type Settings = Readonly<Record<string, unknown>>;

/** What the last to write a part have said: those whose words nobody knew who wrote later. */
function lastOf(said: readonly Said[]): (string | undefined)[] {
  return said.filter(({ number }) => !said.some(({ knows }) => knows.has(number))).map(({ value }) => value);
}

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

/** Everything that was ever written anywhere, known by other means than the ledger's own stamps. */
export class Chronicle {
  #count = 0;
  /** By birth and part. */
  readonly #parts = new Map<Stamp, Map<string, Said[]>>();
  readonly #closings = new Map<Stamp, Closing[]>();
  readonly #given = new Map<Stamp, Set<string>>();
  /** By birth: the deletions. */
  readonly #deleted = new Map<Stamp, Set<number>>();
  /** By birth: the ids that a bead was ever given. */
  readonly #births = new Map<Stamp, Set<string>>();
  readonly #settings = new Map<string, Said[]>();
  /** What comes from a file is the same whoever takes it in. */
  readonly #imported = new Map<string, number>();

  get size(): number {
    return this.#count;
  }

  /** Remembers how a write has changed one record of `earlier`, which are `records` now, by a clone that knew `knows`; `file` where it took in a file. Answers what is known there afterwards. */
  note(was: Stored | undefined, is: Stored, { earlier, records }: { readonly earlier: Records; readonly records: Records }, knows: Bits, file: boolean): Bits {
    const after = knows.copy();
    const { born } = is.clock;
    const deed = (name: string): number => {
      const known = file ? this.#imported.get(name) : undefined;
      const number = known === undefined || knows.has(known) ? this.#count++ : known;
      if (file && known === undefined) this.#imported.set(name, number);
      after.add(number);
      return number;
    };
    this.#births.set(born, (this.#births.get(born) ?? new Set()).add(is.bead.id));
    if (is.bead.status === 'tombstone') {
      this.#deleted.set(born, (this.#deleted.get(born) ?? new Set()).add(this.#fresh(after)));
      return after;
    }
    const [before, now] = [was === undefined ? new Map<string, unknown>() : partsOf(was, earlier), partsOf(is, records)];
    for (const part of new Set([...before.keys(), ...now.keys()])) {
      const value = json(now.get(part));
      if ((part === 'phase' && value === undefined) || value === json(before.get(part))) continue;
      // Of a file, only what it says of a new bead is the same for all: over another record it is as new as it has to be.
      const number = was === undefined ? deed(`${born} ${part} ${value} ${is.bead.updated_at}`) : this.#fresh(after);
      const said = this.#said(born, part);
      if (!said.some((each) => each.number === number)) said.push({ number, value, knows });
    }
    this.#noteClosing(was?.bead, is, knows, deed);
    const { assignee } = is.bead;
    if (assignee !== undefined) this.#given.set(born, (this.#given.get(born) ?? new Set<string>()).add(assignee).add(`${phaseIn(is.bead)}/${assignee}`));
    return after;
  }

  /** Remembers that a deletion was taken back which nobody else had seen than a clone that knew `knows`. */
  revive({ clock: { born } }: Stored, knows: Bits): void {
    for (const number of this.#deleted.get(born) ?? []) if (knows.has(number)) this.#deleted.get(born)?.delete(number);
  }

  /** Forgets an id that was taken back which nobody else had seen; with the last one, the bead. */
  forget(id: string, { clock: { born } }: Stored): void {
    const ids = this.#births.get(born);
    ids?.delete(id);
    if (ids?.size === 0) this.#births.delete(born);
  }

  /** Remembers how a write has changed the settings. */
  noteSettings(was: Settings, is: Settings, knows: Bits): Bits {
    const after = knows.copy();
    const [before, now] = [new Map(settingLeaves(was)), new Map(settingLeaves(is))];
    for (const key of new Set([...before.keys(), ...now.keys()])) {
      if (json(before.get(key)) === json(now.get(key))) continue;
      const said = this.#settings.get(key) ?? [];
      this.#settings.set(key, said);
      said.push({ number: this.#fresh(after), value: json(now.get(key)), knows });
    }
    return after;
  }

  #fresh(after: Bits): number {
    after.add(this.#count);
    return this.#count++;
  }

  #said(born: Stamp, part: string): Said[] {
    const parts = this.#parts.get(born) ?? new Map<string, Said[]>();
    this.#parts.set(born, parts);
    const said = parts.get(part) ?? [];
    parts.set(part, said);
    return said;
  }

  #noteClosing(was: Bead | undefined, { bead: is, clock: { born } }: Stored, knows: Bits, deed: (name: string) => number): void {
    const [closedBefore, closed] = [was?.status === 'closed', is.status === 'closed'];
    const again = closedBefore && closed && (was?.closed_at !== is.closed_at || was?.close_reason !== is.close_reason);
    if (closedBefore === closed && !again) return;
    const closings = this.#closings.get(born) ?? [];
    this.#closings.set(born, closings);
    if (closedBefore) closings.push({ number: -1, closes: false, undoes: true, knows });
    if (!closed) return;
    const number = deed(`${born} closed ${is.closed_at}`);
    if (!closings.some((each) => each.number === number)) closings.push({ number, closes: true, undoes: false, knows });
  }

  /** What is wrong with records that should hold all of it; nothing where all is well. */
  faultsOf(records: Records, settings: Settings): string[] {
    const beads = [...records.values()].filter((stored) => !isRedirect(stored));
    const byBirth = new Map(beads.map((stored) => [stored.clock.born, stored]));
    const faults = [...this.#nameFaults(records, byBirth), ...this.#settingFaults(settings)];
    if (byBirth.size !== beads.length || byBirth.size !== this.#births.size) faults.push(`${this.#births.size} beads were born, and ${beads.length} are there, of ${byBirth.size} births`);
    for (const [born, stored] of byBirth) {
      if ((stored.bead.status === 'tombstone') !== this.#isDeleted(born)) faults.push(`${stored.bead.id} is ${stored.bead.status}, and ${this.#isDeleted(born) ? 'was' : 'was never'} deleted`);
      if (stored.bead.status !== 'tombstone') faults.push(...this.#partFaults(stored, records), ...this.#closingFaults(stored));
    }
    return faults;
  }

  #isDeleted(born: Stamp): boolean {
    return (this.#deleted.get(born)?.size ?? 0) > 0;
  }

  /** Of the births that claim one id the smallest has it, and every bead is found by every id that it was ever given. */
  *#nameFaults(records: Records, byBirth: ReadonlyMap<Stamp, Stored>): Generator<string> {
    const claims = new Map<string, Stamp[]>();
    // One that moved with its parent may bring a mark along: then it claims nothing else.
    for (const [birth, ids] of this.#births) for (const id of ids) if (!ids.has(givenId({ id, birth })) || givenId({ id, birth }) === id) claims.set(id, [...(claims.get(id) ?? []), birth]);
    for (const [given, births] of claims) {
      for (const [index, birth] of births.sort().entries()) {
        const id = index === 0 ? given : markedId(given, birth);
        const found = records.get(id);
        if (found?.clock.born !== birth) yield `${id} should be the bead that was born at ${birth} and given ${given}, and is ${found?.clock.born}, called ${byBirth.get(birth)?.bead.id}`;
      }
    }
    for (const stored of records.values()) {
      const now = byBirth.get(stored.clock.born)?.bead.id;
      if (isRedirect(stored) && stored.bead['renamed_to'] !== now) yield `${stored.bead.id} says that it is ${String(stored.bead['renamed_to'])}, and it is ${now}`;
      for (const { depends_on_id: target } of stored.bead.dependencies ?? []) if (records.get(target)?.bead['renamed_to'] !== undefined) yield `${stored.bead.id} points at ${target}, which is called otherwise`;
    }
  }

  *#settingFaults(settings: Settings): Generator<string> {
    const now = new Map(settingLeaves(settings));
    for (const key of now.keys()) if (!this.#settings.has(key)) yield `nobody wrote the setting ${key}`;
    for (const [key, said] of this.#settings) if (!lastOf(said).includes(json(now.get(key)))) yield `the setting ${key} is ${json(now.get(key))}, which is none of ${lastOf(said).join(', ')}`;
  }

  *#partFaults(stored: Stored, records: Records): Generator<string> {
    const { bead, clock: { born } } = stored;
    const now = partsOf(stored, records);
    const known = this.#parts.get(born) ?? new Map<string, Said[]>();
    for (const part of now.keys()) if (!known.has(part)) yield `${bead.id}: nobody wrote ${part}`;
    for (const [part, said] of known) {
      if (part === 'phase' && !now.has(part)) continue;
      const last = lastOf(said);
      if (!last.includes(json(now.get(part)))) yield `${bead.id}: ${part} is ${json(now.get(part))}, which is none of ${last.join(', ')}`;
    }
    if (bead.assignee === undefined) return;
    const wanted = workingStatuses.includes(bead.status) ? `${phaseIn(bead)}/${bead.assignee}` : bead.assignee;
    if (this.#given.get(born)?.has(wanted) !== true) yield `${bead.id}: nobody gave it to ${wanted}`;
  }

  *#closingFaults({ bead, clock: { born } }: Stored): Generator<string> {
    const closings = this.#closings.get(born) ?? [];
    const stands = closings.some((each) => each.closes && !closings.some(({ undoes, knows }) => undoes && knows.has(each.number)));
    if (stands !== (bead.status === 'closed')) yield `${bead.id} is ${bead.status}, and a close of it ${stands ? 'stands' : 'does not stand'}`;
    if ((bead.closed_at !== undefined) !== (bead.status === 'closed')) yield `${bead.id} is ${bead.status}, closed at ${bead.closed_at}`;
  }
}
