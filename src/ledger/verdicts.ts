import { canonical, isObject, readLines } from '../base/jsonl.ts';
import { timeOf } from '../base/time.ts';
import { recordRun, type Gate, type GateRun, type Verdict } from '../domain/gate.ts';
import type { CommitDraft, FileDraft } from '../git/draft.ts';
import { importCommit } from '../git/import.ts';
import { isAncestor } from '../git/merging.ts';
import { noteChange, readNotes, writeNote } from '../git/notes.ts';
import { ObjectReader } from '../git/objects.ts';
import { isOid, readRef, RefMoved, updateRefs } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/run.ts';
import type { Signature } from './transact.ts';

export const gatesRef = 'refs/notes/gates';

/** What is known of a tree: one line for each gate, command and environment. A line that is no verdict speaks for nothing. */
export async function readVerdicts(repository: Repository, tree: string): Promise<Verdict[]> {
  return partsOf((await readNotes(repository, gatesRef, tree)) ?? '').verdicts;
}

/** The verdicts of a note, and the lines of whoever else wrote on it: they stay as they are. */
interface Parts {
  readonly verdicts: Verdict[];
  readonly others: string[];
}

function partsOf(note: string): Parts {
  const lines = note.split('\n');
  const parts: Parts = { verdicts: [], others: [] };
  for (const read of readLines(note)) {
    const verdict = 'value' in read ? verdictIn(read.value) : undefined;
    if (verdict === undefined) parts.others.push(lines[read.line - 1] ?? '');
    else parts.verdicts.push(verdict);
  }
  return parts;
}

function noteOf(verdicts: readonly Verdict[], others: readonly string[]): string {
  return [...verdicts.map(canonical), ...others].map((line) => `${line}\n`).join('');
}

function verdictIn({ gate, digest, environment, attempts: runs }: Readonly<Record<string, unknown>>): Verdict | undefined {
  if (typeof gate !== 'string' || typeof digest !== 'string' || typeof environment !== 'string' || !Array.isArray(runs)) return undefined;
  return { gate, digest, environment, attempts: runs.filter(isRun) };
}

function isRun(value: unknown): value is GateRun {
  return isObject(value) && typeof value['verdict'] === 'string' && typeof value['started'] === 'string';
}

/** Adds one run of a gate to the note on the tree that it ran on. */
export async function writeVerdict(repository: Repository, tree: string, gate: Gate, environment: string, run: GateRun, author: { readonly name: string; readonly email: string }): Promise<void> {
  const update = (old = ''): string => {
    const { verdicts, others } = partsOf(old);
    return noteOf(recordRun(verdicts, gate, environment, run), others);
  };
  await writeNote(repository, gatesRef, tree, update, { ...author, epochSeconds: Math.floor((timeOf(run.started) ?? 0) / 1000), zone: '+0000' });
}

/** Takes the verdicts that others have noted, by the refs of what was fetched, into this clone's notes: every run counts once, whoever folds. */
export async function foldVerdicts(repository: Repository, refs: readonly string[], { actor, email }: Signature, now: number): Promise<void> {
  for (const ref of refs) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await foldRef(repository, ref, { name: actor, email, epochSeconds: Math.floor(now / 1000), zone: '+0000' });
        break;
      } catch (error) {
        if (!(error instanceof RefMoved) || attempt === attempts) throw error;
      }
    }
  }
}

const attempts = 10;

async function foldRef(repository: Repository, ref: string, person: CommitDraft['author']): Promise<void> {
  const [ours, theirs] = [await readRef(repository, gatesRef), await readRef(repository, ref)];
  if (theirs === undefined || ours === theirs) return;
  if (ours === undefined) return updateRefs(repository, [{ ref: gatesRef, from: null, to: theirs }]);
  if (await isAncestor(repository, theirs, ours)) return;
  if (await isAncestor(repository, ours, theirs)) return updateRefs(repository, [{ ref: gatesRef, from: ours, to: theirs }]);
  const known = await notesAt(repository, ours);
  const reader = ObjectReader.open(repository);
  try {
    const text = async (oid: string | undefined): Promise<string> => (oid === undefined ? '' : (await reader.body(oid)).toString('utf8'));
    const fresh = [...(await notesAt(repository, theirs))].filter(([tree, oid]) => known.get(tree) !== oid);
    const merged = new Map(await Promise.all(fresh.map(async ([tree, oid]): Promise<[string, string]> => [tree, unionOf(await text(known.get(tree)), await text(oid))])));
    await importCommit(repository, gatesRef, ours, async (tree) => {
      const files = new Map<string, FileDraft>();
      for (const [on, note] of merged) for (const [path, content] of await noteChange(tree, on, () => note)) if (typeof files.get(path) !== 'string') files.set(path, content);
      return { message: 'Join verdicts\n', author: person, committer: person, files, extraParents: [theirs] };
    });
  } finally {
    await reader.close();
  }
}

/** The notes of a commit, in any fan-out, by the object that each is on. */
async function notesAt(repository: Repository, commit: string): Promise<Map<string, string>> {
  const { stdout } = await runGit(repository, ['ls-tree', '-r', '-z', commit]);
  return new Map(stdout.toString('utf8').split('\0').flatMap((entry): [string, string][] => {
    const [, oid, path = ''] = /^\d+ blob ([0-9a-f]+)\t([0-9a-f/]+)$/.exec(entry) ?? [];
    const on = path.replaceAll('/', '');
    return oid === undefined || !isOid(on) ? [] : [[on, oid]];
  }));
}

/** Both notes as one: each verdict once, with the runs of both in the order in which they began. */
function unionOf(ours: string, theirs: string): string {
  const [one, other] = [partsOf(ours), partsOf(theirs)];
  const verdicts = new Map<string, Verdict>();
  for (const verdict of [...one.verdicts, ...other.verdicts]) {
    const key = `${verdict.gate} ${verdict.digest} ${verdict.environment}`;
    const runs = new Map([...(verdicts.get(key)?.attempts ?? []), ...verdict.attempts].map((run) => [`${run.started} ${run.signer} ${canonical(run)}`, run]));
    verdicts.set(key, { ...verdict, attempts: [...runs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, run]) => run) });
  }
  return noteOf([...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, verdict]) => verdict), [...new Set([...one.others, ...other.others])].sort());
}

/** Every verdict on every tree. */
export async function allVerdicts(repository: Repository): Promise<Verdict[]> {
  const commit = await readRef(repository, gatesRef);
  if (commit === undefined) return [];
  const notes = await notesAt(repository, commit);
  const reader = ObjectReader.open(repository);
  try {
    const found = await Promise.all([...notes.values()].map((oid) => reader.body(oid)));
    return found.flatMap((note) => partsOf(note.toString('utf8')).verdicts);
  } finally {
    await reader.close();
  }
}
