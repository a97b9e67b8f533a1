import { basename } from 'node:path';
import { rmSync } from 'node:fs';
import { stampTime } from '../base/clock.ts';
import { Failure } from '../base/errors.ts';
import { prefixOf } from '../base/ids.ts';
import { timestamp } from '../base/time.ts';
import { configEntries, replaceConfig } from '../git/config.ts';
import { deadLocks, freeLocks } from '../git/locks.ts';
import { lostBehind, mergeBase } from '../git/merging.ts';
import { refetchHint } from '../git/object.ts';
import { ObjectReader } from '../git/objects.ts';
import { listRefs, RefMoved } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { headOf } from '../ledger/history.ts';
import { formatAt, readFormat } from '../ledger/init.ts';
import { inspect, mend, type Inspection } from '../ledger/inspection.ts';
import { lastStamp, NoLedger, statePath, type Ledger } from '../ledger/ledger.ts';
import { clearLock, leftLocks } from '../ledger/lock.ts';
import { consult, hasLedger } from '../ledger/read.ts';
import type { Finding } from '../ledger/soundness.ts';
import type { Signature } from '../ledger/transact.ts';
import { ledgersOf, type Town } from '../town.ts';

/** A finding, where it was made, and whether it has been mended. */
export interface Diagnosis extends Finding {
  /** The prefix of the ledger, or the folder of the repository. */
  readonly where: string;
  readonly fixed: boolean;
}

/** A finding about a clone, with what mends it where that loses nothing. */
interface Curable extends Finding {
  readonly cure?: () => Promise<void> | void;
}

/** Looks for everything that is not as it should be in the town's ledgers and their repositories; `fix` mends what can be mended without losing anything. */
export async function examine(town: Town, who: Signature, fix: boolean): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const ledger of ledgersOf(town)) found.push(...(await examineLedger(town, ledger, who, fix)));
  for (const repository of new Set([town.hq.repository, ...town.rigs.map((rig) => rig.repository)])) {
    for (const { cure, ...finding } of await examineClone(town, repository)) {
      if (fix && cure !== undefined) await cure();
      found.push({ ...finding, where: repository.worktree ?? repository.gitDir, fixed: fix && cure !== undefined });
    }
  }
  return found;
}

async function examineLedger(town: Town, ledger: Ledger, who: Signature, fix: boolean): Promise<Diagnosis[]> {
  const where = ledger.prefixes[0] ?? '';
  for (;;) {
    const seen = await look(town, ledger);
    if (seen === undefined) return [{ check: 'ledger.missing', severity: 'fault', message: new NoLedger(ledger).message, where, fixed: false, loses: 'nothing here, but nothing is here either', hint: 'gt sync (brings it from a remote that has it)' }];
    try {
      const commit = fix ? await mend(ledger, who, seen) : undefined;
      const isMended = ({ path, loses }: Finding): boolean => commit !== undefined && loses === undefined && path !== undefined && seen.mended.has(path);
      return [...seen.findings, ...(await examineRemotes(ledger))].map((finding) => ({ ...finding, where, fixed: isMended(finding) }));
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error;
    }
  }
}

async function look(town: Town, ledger: Ledger): Promise<Inspection | undefined> {
  try {
    const first = await inspect(ledger);
    if (first.foreign.length === 0) return first;
    const there = new Set((await Promise.all(ledgersOf(town).map((other) => presentIn(other, first.foreign)))).flat());
    // What belongs to no ledger of this town nobody here can know.
    const prefixes = ledgersOf(town).flatMap((other) => other.prefixes);
    return await inspect(ledger, (id) => there.has(id) || prefixOf(id, prefixes) === undefined);
  } catch (error) {
    if (error instanceof NoLedger) return undefined;
    throw error;
  }
}

async function presentIn(ledger: Ledger, ids: readonly string[]): Promise<string[]> {
  const own = ids.filter((id) => prefixOf(id, ledger.prefixes) !== undefined);
  // One that is missing is told by itself: it says nothing about the beads that it should hold.
  if (own.length === 0 || !(await hasLedger(ledger))) return own;
  return consult(ledger, (view) => (view.load(own), own.filter((id) => (view.get(id)?.status ?? 'tombstone') !== 'tombstone')));
}

/** What there is to say of the ledgers of remotes, as the last fetch brought them. */
async function examineRemotes(ledger: Ledger): Promise<Finding[]> {
  const { repository } = ledger;
  const mains = (await listRefs(repository, 'refs/beads-remotes/')).filter(({ ref }) => /^refs\/beads-remotes\/[^/]+\/main$/.test(ref));
  const own: Own = { commit: await headOf(ledger), cut: mains.length === 0 ? undefined : await cutOf(ledger) };
  const found = (await Promise.all(mains.map(({ ref, oid }) => compareWith(repository, own, ref.split('/')[2] ?? '', oid)))).flat();
  const unread = found.some(({ check }) => check === 'ledger.unreadable');
  const damage = unread ? await lostBehind(repository, own.commit) : undefined;
  if (damage === undefined) return found;
  // What cannot be compared with a history that is damaged itself may be sound.
  const here: Finding = { check: 'history.damaged', severity: 'fault', message: `the history of the ledger here cannot be read to its beginning, so nothing is taken in from remotes: ${damage}`, commit: own.commit, loses: 'what is only in that history', hint: refetchHint };
  return [here, ...found.filter(({ check }) => check !== 'ledger.unreadable')];
}

/** Where a ledger stands, and how often it was cut; undefined where it does not say, which is told among its files. */
interface Own {
  readonly commit: string;
  readonly cut: number | undefined;
}

async function cutOf(ledger: Ledger): Promise<number | undefined> {
  try {
    return (await readFormat(ledger))?.cut;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function compareWith(repository: Repository, own: Own, remote: string, commit: string): Promise<Finding[]> {
  const reader = ObjectReader.open(repository);
  try {
    const there = await formatAt(reader, commit);
    if (own.cut === undefined || (await mergeBase(repository, own.commit, commit)) !== undefined || own.cut !== there.cut) return [];
    return [{ check: 'ledger.apart', severity: 'note', message: `the ledger here and the one of ${remote} began apart: both are kept, bead by bead, when they meet`, commit, hint: 'gt sync' }];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `the ledger of ${remote} cannot be compared with the one here, so nothing is taken in from there: ${error.message}`;
    return [{ check: 'ledger.unreadable', severity: 'fault', message, commit, loses: 'whatever of it is nowhere else', hint: refetchHint }];
  } finally {
    await reader.close();
  }
}

async function examineClone(town: Town, repository: Repository): Promise<Curable[]> {
  return [...(await examineConfiguration(repository)), ...examineLocks(town, repository), ...examineClock(town, repository)];
}

async function examineConfiguration(repository: Repository): Promise<Curable[]> {
  return (await configEntries(repository)).filter(({ scope }) => scope === 'local').flatMap(({ key, value }): Curable[] => {
    const [, remote, setting] = /^remote\.(.+)\.(mirror|fetch)$/.exec(key) ?? [];
    if (remote === undefined) return [];
    if (setting === 'mirror') return value === 'false' ? [] : [{ check: 'remote.mirror', severity: 'fault', message: `remote ${remote} is a mirror: a push to it takes away there what this clone does not have, other clones' ledgers too`, loses: 'whatever the mirror is meant for', hint: `git config ${key} false` }];
    const [, from, to] = /^\+([^:]+):(refs\/(?:\*|beads\/.+))$/.exec(value) ?? [];
    if (from === undefined || to === undefined) return [];
    const message = `remote ${remote} fetches ${value}: a fetch throws away what was written here and not sent yet`;
    if (to === 'refs/*') return [{ check: 'remote.forced', severity: 'fault', message, loses: 'what else of the remote is fetched so', hint: `git config --edit (name what to fetch from ${remote}, without refs/beads/)` }];
    const aside = `+${from}:${to.replace(/^refs\/beads\//, `refs/beads-remotes/${remote}/`)}`;
    return [{ check: 'remote.forced', severity: 'fault', message, hint: `gt doctor --fix (fetches it to refs/beads-remotes/${remote}/ instead)`, cure: () => replaceConfig(repository, key, value, aside) }];
  });
}

function examineLocks(town: Town, repository: Repository): Curable[] {
  const { liveness } = town.hq;
  const own = leftLocks(statePath(repository, 'locks'), liveness).map((path): Curable => ({
    check: 'lock.left', severity: 'note', message: `${path} was left by a process that is dead`, hint: 'gt doctor --fix', cure: () => clearLock(path, liveness),
  }));
  const gits = deadLocks(repository).map((path): Curable => ({
    check: 'lock.left', severity: 'fault', message: `${path} was left by a git process that is dead, and holds others up`, hint: 'gt doctor --fix',
    cure: async () => void (await freeLocks(repository, [path])),
  }));
  return [...own, ...gits];
}

/** A stamp of this clone that lies so far ahead came from a clock that was wrong, in milliseconds. */
const tolerance = 60_000;

function examineClock(town: Town, repository: Repository): Curable[] {
  const last = lastStamp(repository);
  if (last === undefined || stampTime(last) <= town.now() + tolerance) return [];
  const path = statePath(repository, 'clock');
  const message = `the last stamp of this clone is of ${timestamp(stampTime(last))}: its clock was ahead once, and all that is written here since is stamped with that time (${basename(path)} remembers it)`;
  return [{ check: 'clock.own', severity: 'fault', message, hint: 'gt doctor --fix (goes by the clock again; records that are ahead are still written after)', cure: () => rmSync(path, { force: true }) }];
}
