import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRef } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { fold, type Folded } from '../../src/ledger/fold.ts';
import { initLedger } from '../../src/ledger/init.ts';
import { mainRef, replicaOf, stateFolder, type Ledger } from '../../src/ledger/ledger.ts';
import { transact, type LedgerChange, type Signature } from '../../src/ledger/transact.ts';
import type { View } from '../../src/ledger/shards.ts';
import { isAlive, ownProcess } from '../../src/sessions/processes.ts';
import { output, temporary } from './temporary.ts';

export const ace: Signature = { actor: 'ace', email: 'ace@citadel.example' };

/** A clock that a test sets. */
export interface Watch {
  time: number;
}

/** The ledger of a repository, with or without a commit in it, by a clock of its own. */
export function ledgerAt(path: string, watch: Watch = { time: Date.parse('2026-05-01T08:00:00Z') }, prefixes: readonly string[] = ['gt']): Ledger {
  return { repository: openRepository(path), ref: mainRef, prefixes, liveness: { self: ownProcess(), isAlive }, now: () => watch.time };
}

/** A bare repository of its own that has no ledger yet. */
export async function bareLedger(watch?: Watch): Promise<Ledger> {
  const path = join(temporary(), 'ledger.git');
  mkdirSync(path);
  await output(['git', 'init', '-q', '--bare', path]);
  return ledgerAt(path, watch);
}

/** A ledger that has just begun, in a bare repository of its own. */
export async function newLedger(watch?: Watch): Promise<Ledger> {
  const ledger = await bareLedger(watch);
  await initLedger(ledger, ace);
  return ledger;
}

/** A clone of a ledger by a clock of its own, a minute ahead unless told. */
export async function cloneOf(ledger: Ledger, watch: Watch = { time: Date.parse('2026-05-01T08:01:00Z') }): Promise<Ledger> {
  const clone = await bareLedger(watch);
  await take(clone, ledger);
  return clone;
}

/** Fetches what another clone has, and answers its commit. */
export async function fetched(into: Ledger, from: Ledger): Promise<string> {
  const ref = 'refs/beads-remotes/test/main';
  await gitIn(into, 'fetch', '-q', '--no-write-fetch-head', from.repository.gitDir, `+${mainRef}:${ref}`);
  return (await readRef(into.repository, ref)) ?? '';
}

/** Takes in what another clone has written. */
export async function take(into: Ledger, from: Ledger): Promise<Folded> {
  return fold(into, await fetched(into, from));
}

/** Decides once, as ace. */
export function write(ledger: Ledger, decide: (view: View) => readonly LedgerChange[]): ReturnType<typeof transact> {
  return transact(ledger, ace, 'Write', decide);
}

/** What git says in the repository of a ledger. */
export function gitIn({ repository }: Ledger, ...args: readonly string[]): Promise<string> {
  return output(['git', ...args], { cwd: repository.gitDir });
}

/** Takes an object out of the repository of a ledger, as a disk loses one. */
export async function loseObject({ repository }: Pick<Ledger, 'repository'>, rev: string): Promise<void> {
  const cwd = repository.gitDir;
  const oid = (await output(['git', 'rev-parse', rev], { cwd })).trim();
  await output(['sh', '-c', 'mkdir aside && mv objects/pack/* aside/ && for pack in aside/*.pack; do git unpack-objects -q <"$pack"; done && rm -r aside'], { cwd });
  rmSync(join(cwd, 'objects', oid.slice(0, 2), oid.slice(2)));
}

/** Lets a clone write in the name of another one, as a copy does that nothing tells apart. */
export function borrowName({ repository }: Ledger, replica: string): void {
  replicaOf(repository);
  const path = join(stateFolder(repository), 'replica.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), id: replica }));
}
