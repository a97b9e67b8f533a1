import { hashText } from '../../../src/base/ids.ts';
import { ObjectReader } from '../../../src/git/objects.ts';
import { listRefs, readRef } from '../../../src/git/refs.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { runGit } from '../../../src/git/run.ts';
import { inspect } from '../../../src/ledger/inspection.ts';
import { mainRef, type Ledger } from '../../../src/ledger/ledger.ts';
import { allIds } from '../../../src/ledger/projection.ts';
import { isRedirect } from '../../../src/ledger/renaming.ts';
import { parseSettings, parseShard, settingsPath } from '../../../src/ledger/shards.ts';
import { lineOf, type Stored } from '../../../src/ledger/stored.ts';
import { bead } from '../../helpers/garage.ts';
import { Bits } from './bits.ts';
import { Chronicle } from './chronicle.ts';
import { Random } from '../../helpers/random.ts';
import { faults, type Fault } from './steps.ts';
import { settingsName, writes, type Deed, type Outcome, type Turn } from './turn.ts';

/** Where clones live, and how their processes run. */
export interface Stage {
  /** Makes a clone of the hub that has no ledger yet. */
  make(clone: number): Promise<Repository>;
  /** Copies a clone with all that is in it. */
  copy(from: number, to: number): Promise<Repository>;
  /** Runs one process to its end; `overtake` is called where its fault says so. Undefined where it was killed. */
  run(turn: Turn, overtake: () => Promise<void>): Promise<{ readonly outcome: Outcome | undefined; readonly struck: boolean }>;
  readonly hub: Repository;
  /** What git finds wrong in the repositories. */
  check(): Promise<string[]>;
}

/** What a seed has come to. */
export interface Report {
  readonly seed: number;
  /** How often each kind of event happened. */
  readonly events: ReadonlyMap<string, number>;
  /** What was broken; nothing where all is well. */
  readonly faults: readonly string[];
  /** The same for two runs in which the same things happened, in the same order, with the same bytes in the end. */
  readonly print: string;
  readonly commit: string | undefined;
}

interface Clone {
  readonly number: number;
  readonly repository: Repository;
  /** What its clock is off by, in milliseconds. */
  skew: number;
  /** Whether it ever speaks with the hub before the end. */
  joined: boolean;
  online: boolean;
  head: string | undefined;
  readonly records: Map<string, Stored>;
  settings: Readonly<Record<string, unknown>>;
  /** What it has written of late, and may take back. */
  recent: string[];
}

const minute = 60_000;
const year = 365 * 24 * 60 * minute;
const start = Date.parse('2026-05-01T08:00:00Z');
const skews = [0, 60 * minute, -9 * year, 11 * year, -3 * 24 * 60 * minute, 2 * year];
export const clones = 6;
/** The clone that never speaks with the hub until the end, the one whose ledger begins by itself, and the one that is a copy of another. */
const [hermit, stranger, twin] = [3, 4, 5];
const agents = ['nux', 'slit', 'toast'];

const said = (id: string, text: string) => ({ id, issue_id: 'gt-i', author: 'ace', text, created_at: '2026-03-01T09:00:00Z' });
const inside = (id: string, on: string) => ({ issue_id: id, depends_on_id: on, type: 'parent-child', created_at: '2026-03-01T08:00:00Z', created_by: 'ace' });
/** Three states of one file that clones import. */
const file = [
  [bead('gt-i', { updated_at: '2026-03-02T08:00:00Z', assignee: 'slit', metadata: { m: 0 }, comments: [said('1', 'first')] }), bead('gt-i.1', { dependencies: [inside('gt-i.1', 'gt-i')] }), bead('gt-j', { labels: ['l0', 'l1'] })],
  [bead('gt-i', { updated_at: '2026-03-05T08:00:00Z', assignee: 'slit', metadata: { m: 1 }, status: 'closed', closed_at: '2026-03-05T08:00:00Z', close_reason: 'done', comments: [said('1', 'first'), said('2', 'second')] })],
  [bead('gt-i', { updated_at: '2027-03-05T08:00:00Z', title: 'Came back', assignee: 'slit' }), bead('gt-j', { updated_at: '2027-03-05T08:00:00Z', priority: 0 }), bead('gt-k')],
].map((beads) => beads.map((each) => `${JSON.stringify(each)}\n`).join(''));

/** Six clones of one hub that live through what a seed says, and are held against all that was written. */
export class World {
  readonly #random: Random;
  readonly #clones: Clone[] = [];
  readonly #chronicle = new Chronicle();
  /** By commit: what a ledger at that commit knows. */
  readonly #known = new Map<string, Bits>();
  readonly #events = new Map<string, number>();
  readonly #faults: string[] = [];
  #print = '';
  /** The last commits that were cut away from a history. */
  readonly #cuts: { readonly repository: Repository; readonly commit: string }[] = [];
  #turns = 0;
  /** Minutes since the start. */
  #minutes = 0;

  constructor(
    readonly seed: number,
    readonly stage: Stage,
    /** How many operations each clone makes. */
    readonly operations: number,
    /** Is told of every turn, in one line. */
    readonly tell: (line: string) => void = () => undefined,
  ) {
    this.#random = new Random(seed);
  }

  async run(): Promise<Report> {
    try {
      await this.#begin();
      await this.#live();
      await this.#end();
    } catch (error) {
      this.#faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    return { seed: this.seed, events: this.#events, faults: this.#faults, print: this.#print, commit: this.#clones[0]?.head };
  }

  #happened(event: string): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
  }

  async #begin(): Promise<void> {
    for (let number = 0; number < clones; number += 1) if (number !== twin) this.#add(await this.stage.make(number));
    const [first, ...others] = this.#clones;
    await this.#take(first!, { verb: 'begin' });
    await this.#take(first!, { verb: 'create', id: 'gt-0', other: '', agent: '', value: 0 });
    await this.#take(first!, { verb: 'sync' });
    for (const clone of others) {
      // Where there is no ledger yet, a clone takes over what the hub has.
      await this.#take(clone, { verb: clone.number === stranger ? 'begin' : 'sync' });
      if (clone.number === stranger) await this.#take(clone, { verb: 'create', id: 'gt-1', other: '', agent: '', value: 0 });
      if (clone.number === 1 || clone.number === hermit) await this.#take(clone, { verb: 'import', text: file[0] ?? '' });
      clone.joined = clone.online = clone.number !== stranger && clone.number !== hermit;
    }
  }

  #add(repository: Repository, like?: Clone): void {
    const number = this.#clones.length;
    const skew = skews[(number + this.seed) % skews.length] ?? 0;
    this.#clones.push({ number, repository, skew, joined: true, online: true, head: like?.head, records: new Map(like?.records), settings: like?.settings ?? {}, recent: [] });
  }

  async #live(): Promise<void> {
    const random = this.#random;
    const left = Array.from({ length: clones }, () => this.operations);
    const total = clones * this.operations;
    const [copied, met] = [Math.floor(total * (0.05 + random.next() * 0.2)), Math.floor(total * (0.1 + random.next() * 0.3))];
    const cuts = new Set(Array.from({ length: 2 }, () => Math.floor(total * (0.3 + random.next() * 0.6))));
    const cutter = random.of([0, 1, 2]);
    for (let done = 0; done < total; ) {
      if (done === copied) await this.#copy(random.of([0, 1, 2]));
      if (done === met) this.#join(this.#clones[stranger]!);
      if (cuts.delete(done)) await this.#cut(this.#clones[cutter]!);
      const clone = random.of(this.#clones.filter(({ number }) => left[number]! > 0));
      await this.#weather(clone);
      if (random.chance(0.12)) await this.#take(clone, { verb: random.chance(0.8) ? 'sync' : 'carry' }, this.#fault(0.35));
      const deed = this.#deed(clone);
      await this.#take(clone, deed, this.#fault(0.06));
      left[clone.number]! -= 1;
      done += 1;
    }
  }

  /** Links go and come back, and clocks are set. */
  async #weather(clone: Clone): Promise<void> {
    if (clone.joined && this.#random.chance(clone.online ? 0.03 : 0.1)) {
      clone.online = !clone.online;
      this.#happened(clone.online ? 'partition healed' : 'partition');
    }
    if (this.#random.chance(0.005)) {
      clone.skew = this.#random.of(skews);
      this.#happened('clock set');
    }
  }

  #fault(probability: number): Fault | undefined {
    return this.#random.chance(probability) ? { kind: this.#random.of(faults), at: this.#random.below(this.#random.chance(0.5) ? 2 : 7) } : undefined;
  }

  #deed(clone: Clone): Deed {
    const random = this.#random;
    if (random.chance(0.015)) return { verb: 'import', text: random.of(file) };
    if (clone.recent.length > 0 && random.chance(0.03)) return { verb: 'undo', commit: random.of(clone.recent) };
    const all = [...clone.records.values()];
    const living = random.chance(0.97) ? all.filter(({ bead: { status } }) => status !== 'tombstone') : all;
    const ids = (living.length === 0 ? all : living).map(({ bead: { id } }) => id);
    const verb = ids.length === 0 ? 'create' : random.of(writes);
    // Half of all that is done is done to few beads.
    const known = ids[random.below(random.chance(0.5) ? Math.min(12, ids.length) : ids.length)] ?? '';
    // Of new ones, some are called the same by clones that have not heard of each other.
    const id = verb === 'create' ? `gt-${random.chance(0.2) ? `n${random.below(40)}` : `${clone.number}x${this.#turns}`}` : known;
    return { verb, id, other: ids[random.below(ids.length)] ?? '', agent: random.of(agents), value: random.below(1000) };
  }

  async #copy(from: number): Promise<void> {
    this.#add(await this.stage.copy(from, twin), this.#clones[from]);
    // What the copy holds as well is no longer this clone's alone to take back.
    for (const clone of this.#clones) if (clone.number === from) clone.recent = [];
    this.#happened('clone copied with cp -r');
  }

  /** A ledger that was begun apart meets the others. */
  #join(clone: Clone): void {
    clone.joined = clone.online = true;
    this.#happened('ledger begun apart that joined');
  }

  async #cut(clone: Clone): Promise<void> {
    await this.#take(clone, { verb: 'trim', before: this.#nowOf(clone) - this.#random.below(60) * minute }, this.#fault(0.3));
  }

  /** One process of a clone, and what it has changed. */
  async #take(clone: Clone, deed: Deed, fault?: Fault): Promise<void> {
    this.#turns += 1;
    // Some follow one another faster than a clock ticks.
    if (this.#random.chance(0.7)) this.#minutes += 1;
    const turn: Turn = { number: this.#turns, clone: clone.number, now: this.#nowOf(clone), online: clone.online, deed, ...(fault === undefined ? {} : { fault }) };
    await this.#look(clone);
    const before = clone.head;
    const { outcome, struck } = await this.stage.run(turn, () => this.#overtake(clone));
    const isWrite = !['begin', 'sync', 'carry', 'trim'].includes(deed.verb);
    const kind = isWrite ? 'write' : deed.verb;
    if (struck) this.#happened(`${kind} ${fault?.kind}`);
    if (outcome === undefined && !struck) throw new Error(`turn ${turn.number} (${deed.verb}) ended by itself`);
    if (outcome !== undefined) this.#happened(this.#nameOf(kind, deed, outcome));
    if (deed.verb === 'trim') await this.#noteCut(clone, before);
    const wrote = await this.#look(clone, isWrite ? deed : undefined, deed.verb === 'trim' ? this.#known.get(before ?? '') : undefined);
    if (isWrite && outcome !== undefined) this.#holdAcknowledged(clone, turn, outcome, before);
    const line = `turn ${turn.number}: clone ${clone.number}, ${deed.verb}${'id' in deed ? ` ${deed.id}` : ''}${struck ? `, ${fault?.kind} at its step ${fault?.at}` : ''}${outcome?.failure === undefined ? '' : `, ${outcome.failure}`}: ${wrote} beads changed, now at ${clone.head}`;
    this.tell(line);
    this.#print = hashText(`${this.#print} ${line}`, 20);
  }

  #nameOf(kind: string, deed: Deed, { commit, failure }: Outcome): string {
    const expected = ['remote.unreachable', 'sync.busy', 'ledger.not-trimmed', 'push.refused'];
    if (failure !== undefined) {
      if (kind !== 'write' && !expected.includes(failure)) this.#faults.push(`turn ${this.#turns}: ${kind} failed with ${failure}`);
      if (kind === 'write' && /^(ledger|shard|git|ref|lock)\./.test(failure)) this.#faults.push(`turn ${this.#turns}: ${deed.verb} failed with ${failure}`);
      return kind === 'write' ? 'write refused by a rule' : `${kind}: ${failure}`;
    }
    if (kind !== 'write') return kind;
    if (commit === null) return 'write with nothing to do';
    return ['import', 'child', 'rename', 'setting', 'undo'].includes(deed.verb) ? `${deed.verb} acknowledged` : 'write acknowledged';
  }

  /** Another process comes first, while one is about to speak with the hub: in another clone, or a writer in its own. */
  async #overtake(clone: Clone): Promise<void> {
    const others = this.#clones.filter((each) => each !== clone && each.online);
    const other = this.#random.chance(0.3) || others.length === 0 ? clone : this.#random.of(others);
    await this.#take(other, this.#deed(other));
    if (other !== clone) await this.#take(other, { verb: 'sync' });
  }

  async #noteCut({ repository }: Clone, before: string | undefined): Promise<void> {
    const head = await readRef(repository, mainRef);
    if (head === undefined || head === before) return;
    const reader = ObjectReader.open(repository);
    const [, commit] = /"until":"([0-9a-f]{40})"/.exec((await commitAt(reader, head)).message) ?? [];
    await reader.close();
    if (commit !== undefined) this.#cuts.push({ repository, commit });
  }

  #nowOf({ skew }: Clone): number {
    return start + this.#minutes * minute + skew;
  }

  #ledgerOf(clone: Clone): Ledger {
    return { repository: clone.repository, ref: mainRef, prefixes: ['gt'], liveness: { self: { pid: 0, started: '' }, isAlive: () => false }, now: () => this.#nowOf(clone) };
  }

  /** Looks what a clone holds now; where a write has changed it, that is remembered. Answers how many records have changed. */
  async #look(clone: Clone, write?: Deed, kept?: Bits): Promise<number> {
    const head = await readRef(clone.repository, mainRef);
    if (head === undefined || head === clone.head) return 0;
    const reader = ObjectReader.open(clone.repository);
    try {
      const { head: before, settings } = clone;
      const changed = await this.#refresh(clone, reader, head);
      const knew = this.#known.get(before ?? '') ?? new Bits();
      let knows: Bits;
      if (write !== undefined) {
        knows = knew.copy();
        const former = new Map([...changed.values()].flatMap((was): [string, Stored][] => (was === undefined || isRedirect(was) ? [] : [[was.clock.born, was]])));
        const earlier = new Map(clone.records);
        for (const [id, was] of changed) if (was === undefined) earlier.delete(id); else earlier.set(id, was);
        for (const [id, was] of changed) {
          const is = clone.records.get(id);
          if (is === undefined) {
            if (write.verb !== 'undo' || was === undefined) throw new Error(`${id} is gone from clone ${clone.number}`);
            this.#chronicle.forget(id, was);
          } else if (write.verb === 'undo' && was?.clock.deleted !== undefined && is.clock.deleted === undefined) this.#chronicle.revive(is, knew);
          else if (!isRedirect(is)) knows.join(this.#chronicle.note(former.get(is.clock.born), is, { earlier, records: clone.records }, knew, write.verb === 'import'));
        }
        knows.join(this.#chronicle.noteSettings(settings, clone.settings, knew));
        const { parents } = await commitAt(reader, head);
        if (parents.join() !== before) this.#faults.push(`a write of clone ${clone.number} went from ${before} to ${head}, whose parents are ${parents.join()}`);
      } else knows = (kept ?? (await this.#knownAt(reader, head))).copy().join(knew);
      this.#known.set(head, knows);
      this.#known.set(head.slice(0, 12), knows);
      return changed.size;
    } finally {
      await reader.close();
    }
  }

  /** What a ledger at a commit that somebody's merge has made knows: what the commits know that it joins. */
  async #knownAt(reader: ObjectReader, commit: string): Promise<Bits> {
    const known = this.#known.get(commit);
    if (known !== undefined) return known;
    const { parents, message } = await commitAt(reader, commit);
    const other = /^Take in ([0-9a-f]{12}), /.exec(message)?.[1];
    if (other !== undefined) this.#happened('merge across a cut');
    else if (parents.length === 2) this.#happened('merge');
    const knows = new Bits();
    for (const parent of parents) knows.join(await this.#knownAt(reader, parent));
    if (other !== undefined) knows.join(this.#known.get(other) ?? new Bits());
    this.#known.set(commit, knows);
    this.#known.set(commit.slice(0, 12), knows);
    return knows;
  }

  /** Reads what differs between what was known of a clone and a commit; answers the records that changed, as they were. */
  async #refresh(clone: Clone, reader: ObjectReader, head: string): Promise<Map<string, Stored | undefined>> {
    const text = async (name: string): Promise<string> => (await reader.contents(name))?.body.toString('utf8') ?? '';
    const paths = clone.head === undefined ? await this.#list(clone.repository, ['ls-tree', '-r', '-z', head, '--']) : await this.#list(clone.repository, ['diff-tree', '-r', '-z', '--no-renames', clone.head, head, '--']);
    const changed = new Map<string, Stored | undefined>();
    for (const path of paths) {
      if (path === settingsPath(settingsName)) clone.settings = parseSettings(settingsName, Buffer.from(await text(`${head}:${path}`)), head);
      const shard = /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(path)?.[1];
      if (shard === undefined) continue;
      const [old, fresh] = await Promise.all([clone.head === undefined ? '' : text(`${clone.head}:${path}`), text(`${head}:${path}`)]);
      const [was, is] = [old, fresh].map((body) => (body === '' ? new Map<string, Stored>() : parseShard(shard, body, head))) as [Map<string, Stored>, Map<string, Stored>];
      for (const [id, stored] of was) {
        const now = is.get(id);
        if (now !== undefined && lineOf(now) === lineOf(stored)) continue;
        changed.set(id, stored);
        if (now === undefined) clone.records.delete(id);
      }
      for (const [id, stored] of is) {
        if (!was.has(id)) changed.set(id, undefined);
        if (changed.has(id)) clone.records.set(id, stored);
      }
    }
    clone.head = head;
    return changed;
  }

  async #list(repository: Repository, args: readonly string[]): Promise<string[]> {
    const { stdout } = await runGit(repository, args);
    return stdout.toString('utf8').split('\0').flatMap((field) => (field === '' || field.startsWith(':') ? [] : [field.slice(field.indexOf('\t') + 1)]));
  }

  /** A write that was acknowledged is there; one that had nothing to do, or was refused, has changed nothing. */
  #holdAcknowledged(clone: Clone, { number, deed }: Turn, { commit, written, failure }: Outcome, before: string | undefined): void {
    const wanted = failure !== undefined || commit === null ? before : commit;
    if (clone.head !== wanted) this.#faults.push(`turn ${number}: ${deed.verb} was told ${failure ?? commit}, and clone ${clone.number} stands at ${clone.head}`);
    // What a file says, others may say as well: it is not this clone's alone to take back.
    if (typeof commit === 'string' && deed.verb !== 'import') clone.recent = [...clone.recent, commit].slice(-4);
    for (const [id, line] of written) {
      const stored = clone.records.get(id);
      if (stored === undefined || lineOf(stored) !== line) this.#faults.push(`turn ${number}: ${deed.verb} has not left ${id} as it said`);
    }
  }

  async #end(): Promise<void> {
    this.#clones.forEach((clone) => (clone.online = true));
    this.#happened('clone offline throughout that came back');
    let heads = '';
    for (let round = 1; ; round += 1) {
      for (const clone of this.#clones) await this.#take(clone, { verb: 'sync' });
      const now = this.#clones.map(({ head }) => head).join();
      if (now === heads) break;
      if (round === 6) throw new Error(`clones still differ after ${round} rounds: ${now}`);
      heads = now;
    }
    await this.#holdHub();
    await this.#holdEach();
    const [first] = this.#clones;
    this.#faults.push(...this.#chronicle.faultsOf(first!.records, first!.settings));
    const known = this.#known.get(first!.head ?? '')?.size;
    if (known !== this.#chronicle.size) this.#faults.push(`the end knows ${known} of ${this.#chronicle.size} things that were said`);
    for (const id of first!.records.keys()) if (/^gt-[ijk]\+/.test(id)) this.#faults.push(`the file was taken in twice: there is ${id}`);
    for (const { bead: { id } } of first!.records.values()) if (id.includes('+')) this.#happened('bead renamed since its id was taken');
    const { findings } = await inspect(this.#ledgerOf(first!));
    for (const { severity, check, message } of findings) {
      if (check === 'dependency.circle') this.#happened('circle of dependencies made apart');
      else if (severity === 'fault') this.#faults.push(`gt doctor: ${check}: ${message}`);
    }
    this.#faults.push(...(await this.stage.check()));
    this.#events.set('beads at the end', first!.records.size);
  }

  async #holdHub(): Promise<void> {
    const { hub } = this.stage;
    const main = await readRef(hub, mainRef);
    for (const { number, head } of this.#clones) if (head !== main) this.#faults.push(`clone ${number} ends at ${head}, and the hub at ${main}`);
    const replicas = await listRefs(hub, 'refs/beads/replicas/');
    if (replicas.length !== clones) this.#faults.push(`the hub knows ${replicas.length} replicas of ${clones} clones`);
  }

  /** What each clone keeps beside its ledger is of that ledger, and no history that was cut away has come back. */
  async #holdEach(): Promise<void> {
    for (const clone of this.#clones) {
      const ids = (await allIds(this.#ledgerOf(clone))).join();
      const wanted = [...clone.records.values()].filter(({ bead: { status } }) => status !== 'tombstone').map(({ bead: { id } }) => id).sort().join();
      if (ids !== wanted) this.#faults.push(`the projection of clone ${clone.number} is not what its ledger holds`);
    }
    for (const { repository, commit } of this.#cuts) if (await this.#isBack(repository, commit)) this.#faults.push(`the history before ${commit} was cut away, and is back`);
  }

  /** Whether the end has anything of a history, other than how a ledger began. */
  async #isBack(repository: Repository, commit: string): Promise<boolean> {
    const { stdout } = await runGit(repository, ['merge-base', '--all', commit, this.#clones[0]?.head ?? ''], { accept: [0, 1] });
    const reader = ObjectReader.open(repository);
    try {
      const shared = await Promise.all(stdout.toString('utf8').split('\n').flatMap((oid) => (oid === '' ? [] : [commitAt(reader, oid)])));
      return shared.some(({ parents }) => parents.length > 0);
    } finally {
      await reader.close();
    }
  }
}

async function commitAt(reader: ObjectReader, commit: string): Promise<{ readonly parents: readonly string[]; readonly message: string }> {
  const text = (await reader.contents(commit))?.body.toString('utf8') ?? '';
  const split = text.indexOf('\n\n');
  return { parents: [...text.slice(0, split).matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent = '']) => parent), message: text.slice(split + 2) };
}
