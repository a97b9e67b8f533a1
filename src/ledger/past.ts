import { Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { indexed, isBuiltIn, isDone, type Bead, type Beads } from '../domain/bead.ts';
import { counted } from '../domain/detail.ts';
import { isReady, readyOrder } from '../domain/ready.ts';
import { readObjects } from '../git/object.ts';
import { readRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { gitText } from '../git/run.ts';
import { NoLedger, type Ledger } from './ledger.ts';
import { waitsAbroad } from './live.ts';
import { matters } from './part.ts';
import type { ReadyList, Referrer } from './projection.ts';
import { consult } from './read.ts';
import { formatPath } from './shards.ts';

/** Histories that were cut off lie below here. */
export const archives = 'refs/beads/archive';

/** A commit of a ledger and its time, in milliseconds since 1970. */
export interface Moment {
  readonly commit: string;
  readonly time: number;
}

/** A ledger as all that was written by a time made it, in what was cut off too: a commit of it, or what several that were written apart come to. Throws NotYetBegun. */
export async function commitBy(ledger: Ledger, time: number): Promise<Moment> {
  const { repository } = ledger;
  const cutOff = await gitText(repository, ['for-each-ref', '--sort=-committerdate', '--format=%(refname)', '--', `${archives}/`]);
  const starts = [ledger.ref, ...cutOff.split('\n').filter((ref) => ref !== '')];
  for (const start of starts) {
    const [tip, ...others] = await tipsBy(repository, start, Math.floor(time / 1000));
    if (tip !== undefined) return { commit: others.length === 0 ? tip : await (await import('./fold.ts')).joined(repository, [tip, ...others]), time };
  }
  const first = await gitText(repository, ['log', '--max-parents=0', '--format=%ct', ...starts, '--'], { accept: [0, 128] });
  if (first === '') throw new NoLedger(ledger);
  throw new NotYetBegun(ledger, time, Math.min(...first.split('\n').map(Number)) * 1000);
}

/** The commits by a time, in seconds since 1970, that a ref builds on and that none of the others builds on; sorted. */
async function tipsBy(repository: Repository, ref: string, seconds: number): Promise<string[]> {
  const head = await readRef(repository, ref);
  if (head === undefined) return [];
  const later = (await gitText(repository, ['rev-list', '--parents', `--max-age=${seconds + 1}`, head, '--'], { timeoutMs: 300_000 })).split('\n').filter((line) => line !== '').map((line) => line.split(' '));
  const known = new Set(later.map(([commit = '']) => commit));
  const last = later.length === 0 ? [head] : [...new Set(later.flatMap(([, ...parents]) => parents))].filter((commit) => !known.has(commit));
  return last.length < 2 ? last : (await gitText(repository, ['merge-base', '--independent', ...last])).split('\n').sort();
}

/** The commit of a ledger that an object id means, whole or as it begins; undefined where it means none. Throws MissingObject. */
export async function commitNamed(ledger: Ledger, text: string): Promise<Moment | undefined> {
  if (!/^[0-9a-f]{4,64}$/.test(text)) return undefined;
  const commit = await gitText(ledger.repository, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${text}^{commit}`], { accept: [0, 1, 128] });
  if (commit === '') return undefined;
  const [format] = await readObjects(ledger.repository, [`${commit}:${formatPath}`]);
  if (format?.type !== 'blob') return undefined;
  return { commit, time: Number(await gitText(ledger.repository, ['show', '-s', '--format=%ct', commit, '--'])) * 1000 };
}

/** A ledger as it was: what is read from it is read from that commit, and judged at that time. */
export function ledgerThen(ledger: Ledger, { commit, time }: Moment): Ledger {
  return { ...ledger, at: commit, now: () => time };
}

const read = new WeakMap<Ledger, Promise<Beads>>();

/** Every bead of a ledger that is looked at as it was, tombstones left out, read once. */
function beadsThen(ledger: Ledger): Promise<Beads> {
  const known = read.get(ledger) ?? readThen(ledger);
  read.set(ledger, known);
  return known;
}

async function readThen(ledger: Ledger): Promise<Beads> {
  return indexed(await consult(ledger, (view) => new Map([...view.all()].filter(({ status }) => status !== 'tombstone').map((bead) => [bead.id, bead]))));
}

/** What `liveBeads` answers, for a ledger as it was. */
export async function liveThen(ledger: Ledger): Promise<Beads> {
  const live = [...(await beadsThen(ledger)).all()].filter(matters);
  return indexed(new Map(live.map((bead): [string, Bead] => [bead.id, bead])));
}

/** What `readyBeads` answers, for a ledger as it was. */
export async function readyThen(ledger: Ledger, limit: number): Promise<ReadyList> {
  const [all, live] = await Promise.all([beadsThen(ledger), liveThen(ledger)]);
  const work = [...live.all()];
  const now = ledger.now();
  const ready = work.filter((bead) => isReady(live, bead, now)).sort(readyOrder);
  const beads = ready.slice(0, limit).map((bead) => counted(bead, all.referrers?.(bead.id).length ?? 0));
  return { total: ready.length, beads, foreign: work.some((bead) => !isDone(bead) && (!isBuiltIn(bead.status) || waitsAbroad(ledger, bead))) };
}

/** What `allIds` answers, for a ledger as it was. */
export async function idsThen(ledger: Ledger): Promise<readonly string[]> {
  return [...(await beadsThen(ledger)).all()].map(({ id }) => id).sort();
}

/** What `referrersAt` answers, for a ledger as it was. */
export async function referrersThen(ledger: Ledger): Promise<(id: string) => readonly Referrer[]> {
  const beads = await beadsThen(ledger);
  return (id) => (beads.referrers?.(id) ?? []).map((bead) => ({ id: bead.id, type: bead.dependencies?.find((edge) => edge.depends_on_id === id)?.type ?? '' }));
}

/** A ledger is asked for a time when it was not there yet. */
export class NotYetBegun extends Refused {
  readonly code = 'ledger.not-yet';
  constructor({ prefixes }: Ledger, time: number, begun: number) {
    super(`the ledger for ${prefixes.join(', ')} began at ${timestamp(begun)}, after ${timestamp(time)}`, { prefixes, begun: timestamp(begun) }, `--at ${timestamp(begun)}`);
  }
}
