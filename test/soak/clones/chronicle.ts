import type { Stamp } from '../../../src/base/clock.ts';
import { workingStatuses, type Bead } from '../../../src/domain/bead.ts';
import { givenId, markedId } from '../../../src/ledger/births.ts';
import type { Stored } from '../../../src/ledger/stamps.ts';
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

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

/** Everything that was ever written anywhere, known by other means than the ledger's own stamps. */
export class Chronicle {
  #count = 0;
  /** By birth and part. */
  readonly #parts = new Map<Stamp, Map<string, Said[]>>();
  readonly #closings = new Map<Stamp, Closing[]>();
  readonly #given = new Map<Stamp, Set<string>>();
  readonly #deleted = new Set<Stamp>();
  readonly #births = new Map<Stamp, string>();
  /** What comes from a file is the same whoever takes it in. */
  readonly #imported = new Map<string, number>();

  get size(): number {
    return this.#count;
  }

  /** Remembers how a write has changed one record, by a clone that knew `knows`; `file` where it took in a file. Answers what is known there afterwards. */
  note(was: Stored | undefined, is: Stored, records: Records, knows: Bits, file: boolean): Bits {
    const after = knows.copy();
    const { born } = is.clock;
    const deed = (name: string): number => {
      const known = file ? this.#imported.get(name) : undefined;
      const number = known === undefined || knows.has(known) ? this.#count++ : known;
      if (file && known === undefined) this.#imported.set(name, number);
      after.add(number);
      return number;
    };
    if (was === undefined) this.#births.set(born, is.bead.id);
    if (is.bead.status === 'tombstone') this.#deleted.add(born);
    else {
      const [before, now] = [was === undefined ? new Map<string, unknown>() : partsOf(was, records), partsOf(is, records)];
      for (const part of new Set([...before.keys(), ...now.keys()])) {
        const value = json(now.get(part));
        if ((part === 'phase' && value === undefined) || value === json(before.get(part))) continue;
        // Of a file, only what it says of a new bead is the same for all: over another record it is as new as it has to be.
        const number = was === undefined ? deed(`${born} ${part} ${value}`) : this.#fresh(after);
        const said = this.#said(born, part);
        if (!said.some((each) => each.number === number)) said.push({ number, value, knows });
      }
    }
    this.#noteClosing(was?.bead, is, knows, deed);
    const { assignee } = is.bead;
    if (assignee !== undefined) this.#given.set(born, (this.#given.get(born) ?? new Set<string>()).add(assignee).add(`${phaseIn(is.bead)}/${assignee}`));
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
  faultsOf(records: Records): string[] {
    const byBirth = new Map([...records.values()].map((stored) => [stored.clock.born, stored]));
    const faults = [...this.#nameFaults(records, byBirth)];
    for (const [born, stored] of byBirth) {
      if ((stored.bead.status === 'tombstone') !== this.#deleted.has(born)) faults.push(`${stored.bead.id} is ${stored.bead.status}, and ${this.#deleted.has(born) ? 'was' : 'was never'} deleted`);
      if (stored.bead.status !== 'tombstone') faults.push(...this.#partFaults(stored, records), ...this.#closingFaults(stored));
    }
    return faults;
  }

  *#nameFaults(records: Records, byBirth: ReadonlyMap<Stamp, Stored>): Generator<string> {
    if (byBirth.size !== records.size || byBirth.size !== this.#births.size) yield `${this.#births.size} beads were born, and ${records.size} are there, of ${byBirth.size} births`;
    const claims = new Map<string, Stamp[]>();
    for (const [birth, id] of this.#births) claims.set(givenId({ id, birth }), [...(claims.get(givenId({ id, birth })) ?? []), birth]);
    for (const [given, births] of claims) {
      for (const [index, birth] of births.sort().entries()) {
        const wanted = index === 0 ? given : markedId(given, birth);
        const found = byBirth.get(birth)?.bead.id;
        if (found !== wanted) yield `the bead born as ${given} at ${birth} is called ${found}, not ${wanted}`;
      }
    }
  }

  *#partFaults(stored: Stored, records: Records): Generator<string> {
    const { bead, clock: { born } } = stored;
    const now = partsOf(stored, records);
    const known = this.#parts.get(born) ?? new Map<string, Said[]>();
    for (const part of now.keys()) if (!known.has(part)) yield `${bead.id}: nobody wrote ${part}`;
    for (const [part, said] of known) {
      if (part === 'phase' && !now.has(part)) continue;
      const last = said.filter(({ number }) => !said.some(({ knows }) => knows.has(number))).map(({ value }) => value);
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
