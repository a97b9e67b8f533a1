import { canonical, isObject, parseLines } from '../base/jsonl.ts';
import { timeOf } from '../base/time.ts';
import { recordRun, type Gate, type GateRun, type Verdict } from '../domain/gate.ts';
import { readNotes, writeNote } from '../git/notes.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { runGit } from '../git/run.ts';

export const gatesRef = 'refs/notes/gates';

/** What is known of a tree: one line for each gate, command and environment. A line that is no verdict speaks for nothing. */
export async function readVerdicts(repository: Repository, tree: string): Promise<Verdict[]> {
  return verdictsIn((await readNotes(repository, gatesRef, tree)) ?? '');
}

function verdictsIn(note: string): Verdict[] {
  return parseLines(note, gatesRef).flatMap(({ value }) => {
    const { gate, digest, environment, attempts } = value;
    if (typeof gate !== 'string' || typeof digest !== 'string' || typeof environment !== 'string' || !Array.isArray(attempts)) return [];
    return [{ gate, digest, environment, attempts: attempts.filter(isRun) }];
  });
}

function isRun(value: unknown): value is GateRun {
  return isObject(value) && typeof value['verdict'] === 'string' && typeof value['started'] === 'string';
}

/** Adds one run of a gate to the note on the tree that it ran on. */
export async function writeVerdict(repository: Repository, tree: string, gate: Gate, environment: string, run: GateRun, author: { readonly name: string; readonly email: string }): Promise<void> {
  const update = (old: string | undefined): string => recordRun(verdictsIn(old ?? ''), gate, environment, run).map((verdict) => `${canonical(verdict)}\n`).join('');
  await writeNote(repository, gatesRef, tree, update, { ...author, epochSeconds: Math.floor((timeOf(run.started) ?? 0) / 1000), zone: '+0000' });
}

/** Every verdict on every tree. */
export async function allVerdicts(repository: Repository): Promise<Verdict[]> {
  const commit = await readRef(repository, gatesRef);
  if (commit === undefined) return [];
  const { stdout } = await runGit(repository, ['ls-tree', '-r', '-z', commit]);
  const notes = stdout.toString('utf8').split('\0').flatMap((entry) => /^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1] ?? []);
  const reader = ObjectReader.open(repository);
  try {
    const found = await Promise.all(notes.map((oid) => reader.contents(oid)));
    return found.flatMap((note) => verdictsIn(note?.body.toString('utf8') ?? ''));
  } finally {
    await reader.close();
  }
}
