import { prefixOf, shardOf } from '../base/ids.ts';
import { canonical } from '../base/jsonl.ts';
import type { FileDraft } from '../git/draft.ts';
import { importCommit } from '../git/import.ts';
import { refetchHint } from '../git/object.ts';
import { ObjectReader } from '../git/objects.ts';
import { gitText, runGit } from '../git/run.ts';
import { entriesOn, headOf, type Entry } from './history.ts';
import { parseFormat } from './init.ts';
import type { Ledger } from './ledger.ts';
import { underLedgerLock } from './locked.ts';
import { mergeRecords } from './merge.ts';
import { formatPath, formatShard, parseSettings, shardPath } from './shards.ts';
import { examineShard, mendedRecords, recordFindings, type Examined, type Finding, type LineFault, type Placed } from './soundness.ts';
import type { Stored } from './stored.ts';
import type { Signature } from './transact.ts';

/** What was found in a ledger, and the shards as they would be mended. */
export interface Inspection {
  readonly commit: string;
  readonly findings: readonly Finding[];
  /** New texts by path, null for a file that goes; nothing that anybody wrote is missing in them. */
  readonly mended: ReadonlyMap<string, FileDraft>;
  /** The ids of other ledgers that beads depend on. */
  readonly foreign: readonly string[];
}

/** A file of the tree that cannot be as it should. */
interface Listed {
  readonly path: string;
  readonly oid: string;
}

/** Looks through every file of the newest commit of a ledger, whatever state it is in. `elsewhere` answers whether a bead of another ledger is there. Throws NoLedger. */
export async function inspect(ledger: Ledger, elsewhere: (id: string) => boolean = () => true): Promise<Inspection> {
  const commit = await headOf(ledger);
  const reader = ObjectReader.open(ledger.repository);
  try {
    const { files, missing } = await listTree(ledger, reader, commit);
    const findings: Finding[] = [...missing];
    if (missing.length === 0 && !files.some(({ path }) => path === formatPath)) findings.push(...otherFile(formatPath, undefined, commit));
    const shards = new Map<string, Placed[]>();
    const damaged = new Map<string, Examined>();
    const bodies = await Promise.all(files.map(({ oid }) => reader.contents(oid)));
    for (const [index, { path, oid }] of files.entries()) {
      const body = bodies[index]?.body;
      const shard = /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(path)?.[1];
      if (body === undefined) findings.push(await missingFile(ledger, reader, commit, path, oid));
      else if (shard !== undefined) {
        const read = examineShard(shard, body.toString('utf8'));
        shards.set(shard, [...read.records]);
        if (read.faults.length > 0) damaged.set(shard, read);
      } else findings.push(...otherFile(path, body, commit));
    }
    const mended = await mendAll(ledger, reader, commit, damaged, shards, findings);
    const isOwn = (id: string): boolean => prefixOf(id, ledger.prefixes) !== undefined;
    findings.push(...recordFindings(shards, ledger.now(), isOwn, elsewhere));
    const targets = [...shards.values()].flatMap((records) => records.flatMap(({ stored }) => (stored.bead.dependencies ?? []).map((edge) => edge.depends_on_id)));
    return { commit, findings, mended, foreign: [...new Set(targets)].filter((id) => !isOwn(id) && !id.startsWith('external:')) };
  } finally {
    await reader.close();
  }
}

/** Every file of a ledger's tree, and the folders that the repository has lost. */
async function listTree({ repository }: Ledger, reader: ObjectReader, commit: string): Promise<{ readonly files: Listed[]; readonly missing: Finding[] }> {
  const { code, stdout } = await runGit(repository, ['ls-tree', '-r', '-z', commit], { accept: [0, 1, 128] });
  if (code === 0) return { files: listed(stdout), missing: [] };
  const missing: Finding[] = [];
  const files: Listed[] = [];
  const look = async (folder: string, name: string): Promise<void> => {
    const found = await reader.info(name);
    if (found === undefined) {
      missing.push({ check: 'object.missing', severity: 'fault', message: `${folder === '' ? 'the ledger' : `the folder ${folder}`} cannot be read at ${commit.slice(0, 12)}: its object is missing`, commit, path: folder, ...refetch('everything below it') });
      return;
    }
    const { stdout: entries } = await runGit(repository, ['ls-tree', '-z', name]);
    for (const entry of entries.toString('utf8').split('\0')) {
      const [, type, oid = '', child = ''] = /^\d+ (\w+) ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
      const path = folder === '' ? child : `${folder}/${child}`;
      if (type === 'tree') await look(path, oid);
      else if (type === 'blob') files.push({ path, oid });
    }
  };
  await look('', `${commit}^{tree}`);
  return { files, missing };
}

function listed(stdout: Buffer): Listed[] {
  return stdout.toString('utf8').split('\0').flatMap((entry) => {
    const [, oid, path] = /^\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    return oid === undefined || path === undefined ? [] : [{ path, oid }];
  });
}

function refetch(what: string): Pick<Finding, 'loses' | 'hint'> {
  return { loses: `${what}, unless another clone still has it`, hint: refetchHint };
}

async function missingFile(ledger: Ledger, reader: ObjectReader, commit: string, path: string, oid: string): Promise<Finding> {
  const { since, goodCommit } = await pastOf(ledger, reader, commit, path);
  const what = goodCommit === undefined ? 'what it held' : `what was written to it since ${goodCommit.slice(0, 12)}`;
  return { check: 'object.missing', severity: 'fault', message: `${path} cannot be read: the object ${oid} is missing`, commit: since?.commit ?? commit, path, ...refetch(what) };
}

/** Files beside the shards; `body` is undefined for one that should be there and is not. */
function otherFile(path: string, body: Buffer | undefined, commit: string): Finding[] {
  const setting = /^settings\/([^/]+)\.json$/.exec(path)?.[1];
  try {
    if (path === formatPath) parseFormat(commit, body?.toString('utf8'));
    else if (setting !== undefined && body !== undefined) parseSettings(setting, body, commit);
    else return [{ check: 'file.strange', severity: 'note', message: `${path} is no file of a ledger, and nothing reads it`, commit, path }];
    return [];
  } catch (error) {
    return [{ check: setting === undefined ? 'format.bad' : 'settings.bad', severity: 'fault', message: error instanceof Error ? error.message : String(error), commit, path, line: 1, loses: 'what somebody meant it to say', hint: `git log -p ${commit.slice(0, 12)} -- ${path} (shows who wrote it)` }];
  }
}

/** How far back a good text is looked for. */
const furthest = 500;

/** The last text of a shard in which nothing was wrong, its commit, and the commit that came after it. */
async function pastOf(ledger: Ledger, reader: ObjectReader, commit: string, path: string): Promise<{ readonly good?: string; readonly goodCommit?: string; readonly since?: Entry }> {
  const shard = /^beads\/(\d\d\/\d\d)\.jsonl$/.exec(path)?.[1];
  let since: Entry | undefined;
  for (const entry of (await entriesOn(ledger, { to: commit }, path)).reverse().slice(0, furthest)) {
    const info = await reader.info(`${entry.commit}:${path}`);
    const text = info === undefined ? undefined : (await reader.contents(info.oid))?.body.toString('utf8');
    if (shard !== undefined && text !== undefined && examineShard(shard, text).faults.length === 0) return { good: text, goodCommit: entry.commit, ...(since === undefined ? {} : { since }) };
    since = entry;
  }
  return since === undefined ? {} : { since };
}

/** By shard, the records that a damaged one holds once it is mended, or what that would lose. */
type Mended = Map<string, ReadonlyMap<string, Stored> | string>;

/** Works out the texts of damaged shards, and of those whose beads belong there or point at one that is called otherwise then; tells what cannot be mended without a loss. */
async function mendAll(ledger: Ledger, reader: ObjectReader, commit: string, damaged: ReadonlyMap<string, Examined>, shards: ReadonlyMap<string, readonly Placed[]>, findings: Finding[]): Promise<Map<string, FileDraft>> {
  const mended: Mended = new Map();
  const origins = new Map<string, Pick<Entry, 'commit' | 'actor'>>();
  for (const [shard, read] of damaged) {
    const { good, since } = await pastOf(ledger, reader, commit, shardPath(shard));
    mended.set(shard, mendedRecords(read, good));
    origins.set(shard, since ?? { commit, actor: await gitText(ledger.repository, ['show', '-s', '--format=%an', commit, '--']) });
  }
  const missing = findings.flatMap(({ check, path }) => (check === 'object.missing' && path !== undefined ? [path] : []));
  const isLost = (shard: string): boolean => !shards.has(shard) && missing.some((path) => path === '' || `${shardPath(shard)}/`.startsWith(`${path}/`));
  const texts = mendedTexts(mended, shards, isLost);
  for (const [shard, read] of damaged) {
    const at = origins.get(shard) ?? { commit, actor: '' };
    findings.push(...read.faults.map((fault) => lineFinding(shard, fault, at, mended.get(shard))));
  }
  return texts;
}

function lineFinding(shard: string, { check, line, why, bead }: LineFault, { commit, actor }: Pick<Entry, 'commit' | 'actor'>, mended: ReadonlyMap<string, Stored> | string | undefined): Finding {
  const path = shardPath(shard);
  const message = `${path}, line ${line}: ${why} (since ${commit.slice(0, 12)}, by ${actor})`;
  return { check, severity: 'fault', message, commit, path, line, ...(bead === undefined ? {} : { bead }), ...(typeof mended === 'string' ? { loses: mended, hint: `git log -p ${commit.slice(0, 12)} -- ${path} (shows who wrote it)` } : { hint: 'gt doctor --fix' }) };
}

/** The new texts of shards. A bead that belongs into a shard that stays as it is stays with all of its own one, which is noted in `mended`. */
function mendedTexts(mended: Mended, shards: ReadonlyMap<string, readonly Placed[]>, isLost: (shard: string) => boolean): Map<string, FileDraft> {
  const stays = (shard: string): boolean => typeof mended.get(shard) === 'string' || isLost(shard);
  leaveStrays(mended, stays);
  if ([...mended.values()].every((each) => typeof each === 'string')) return new Map();
  let records: ReadonlyMap<string, Stored> = new Map();
  for (const each of mended.values()) if (typeof each !== 'string') records = mergeRecords(records, each);
  const sound = new Map([...shards].flatMap(([shard, placed]): [string, Map<string, Stored>][] => (mended.has(shard) ? [] : [[shard, new Map(placed.map(({ stored }) => [stored.bead.id, stored]))]])));
  const after = new Map<string, Map<string, Stored>>([...shards.keys()].map((shard) => [shard, new Map()]));
  for (const [id, stored] of mergeRecords(records, new Map([...sound.values()].flatMap((beads) => [...beads])))) {
    const home = shardOf(id);
    if (stays(home)) {
      // Only as one of all is it called so, and whoever it was stays with them.
      for (const [shard, each] of mended) if (typeof each !== 'string') mended.set(shard, lossOf(id));
      return new Map();
    }
    after.set(home, (after.get(home) ?? new Map<string, Stored>()).set(id, stored));
  }
  const texts = [...after].filter(([shard]) => !stays(shard)).map(([shard, beads]): [string, string] => [shard, formatShard(beads)]);
  return new Map(texts.filter(([shard, text]) => mended.has(shard) || text !== formatShard(sound.get(shard) ?? new Map())).map(([shard, text]) => [shardPath(shard), text || null]));
}

/** Leaves the shards as they are in which a bead stands that belongs into one that stays as it is, and then those whose beads belong into these. */
function leaveStrays(mended: Mended, stays: (shard: string) => boolean): void {
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const [shard, records] of mended) {
      const stray = typeof records === 'string' ? undefined : [...records.keys()].find((id) => stays(shardOf(id)));
      if (stray === undefined) continue;
      mended.set(shard, lossOf(stray));
      isSettled = false;
    }
  }
}

function lossOf(id: string): string {
  return `${id}, whose own file ${shardPath(shardOf(id))} cannot be mended`;
}

/** Writes what an inspection has mended as a commit of its own, under the ledger's lock; what was there stays in the history. Throws RefMoved where somebody wrote meanwhile. */
export async function mend(ledger: Ledger, signature: Signature, { commit, mended, findings }: Inspection): Promise<string | undefined> {
  if (mended.size === 0) return undefined;
  const person = { name: signature.actor, email: signature.email, epochSeconds: Math.floor(ledger.now() / 1000), zone: '+0000' };
  const told = findings.filter(({ path, loses }) => path !== undefined && mended.has(path) && loses === undefined);
  const body = told.map(({ check, path, line, message }) => canonical({ op: 'ledger.mended', check, path, line, message }));
  const message = `Mend ${[...mended.keys()].join(', ')}\n\n${body.join('\n')}\n\nActor: ${signature.actor}\n`;
  return underLedgerLock(ledger, () => importCommit(ledger.repository, ledger.ref, commit, async () => ({ message, author: person, committer: person, files: mended })));
}
