import { join } from 'node:path';
import type { Bead } from '../../src/domain/bead.ts';
import { create } from '../../src/domain/content.ts';
import { hook } from '../../src/domain/hook.ts';
import { requestOf, type MergeRequest } from '../../src/domain/merge-request.ts';
import { setSetting } from '../../src/domain/setting.ts';
import { submitRequest, type Offer, type Submitted } from '../../src/actions/submit.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef } from '../../src/git/refs.ts';
import { cloneBare } from '../../src/git/remotes.ts';
import { openRepository } from '../../src/git/repository.ts';
import { gitText } from '../../src/git/run.ts';
import { initLedger } from '../../src/ledger/init.ts';
import { writeState } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { phaseOf } from '../../src/ledger/stored.ts';
import { transact } from '../../src/ledger/transact.ts';
import { refineryTick, type RefineryOptions, type RefineryReport } from '../../src/supervisors/refinery.ts';
import { openTown, signatureOf, type Rig, type Town, type TownFile } from '../../src/town.ts';
import { repository, temporary } from './temporary.ts';

/** A town with one rig whose queue is under test. */
export interface QueueTown {
  readonly town: Town;
  readonly rig: Rig;
  /** The person's checkout in solo mode, the hub otherwise. */
  readonly place: string;
}

const owner = { name: 'Ada Lovelace', email: 'ada@example.com' };

/** A repository that is a whole town, its main branch checked out; with `gate` as its one gate. */
export async function soloTown(gate: string | undefined = 'true'): Promise<QueueTown> {
  const place = await repository({ path: join(temporary(), 'citadel') });
  const file: TownFile = { version: 1, kind: 'solo', name: 'citadel', root: `${place}.town`, owner, rigs: { citadel: { prefix: 'ci', path: place, folder: `${place}.town`, target: 'main' } } };
  writeState(openRepository(place), file, 'town.json');
  return begun(place, place, gate);
}

/** A town whose one rig is a bare clone of a hub. */
export async function hubTown(gate: string | undefined = 'true'): Promise<QueueTown> {
  const root = temporary();
  const source = await repository({ path: join(root, 'source') });
  const place = await repository({ bare: true, path: join(root, 'hub.git') });
  await gitText(source, ['push', '-q', place, 'main']);
  const seat = await repository({ path: join(root, 'town') });
  const clone = await cloneBare(place, join(root, 'town/citadel/.repo.git'));
  const file: TownFile = { version: 1, kind: 'town', name: 'wasteland', root: seat, owner, rigs: { citadel: { prefix: 'ci', path: clone.gitDir, folder: join(root, 'town/citadel'), remote: 'origin', target: 'main' } } };
  writeState(openRepository(seat), file, 'town.json');
  writeState(clone, { version: 1, kind: 'rig', town: seat }, 'town.json');
  return begun(seat, place, gate);
}

async function begun(folder: string, place: string, gate: string | undefined): Promise<QueueTown> {
  const town = openTown(folder, () => Date.now());
  const rig = town.rigs[0];
  if (rig === undefined) throw new Error('there is no rig');
  await initLedger(town.hq, signatureOf(town, 'mayor'));
  if (town.kind === 'town') await initLedger(rig.ledger, signatureOf(town, 'mayor'));
  if (gate !== undefined) await configure({ town, rig, place }, 'test.command', gate);
  return { town, rig, place };
}

/** Sets one key below `merge_queue.gates`. */
export async function configure({ town, rig }: QueueTown, key: string, value: unknown): Promise<void> {
  await transact(rig.ledger, signatureOf(town, 'mayor'), 'Set a gate', (view) => setSetting(view.settings('config'), 'config', key === '' ? 'merge_queue.gates' : `merge_queue.gates.${key}`, value));
}

/** Makes a branch with one commit on top of another commit (the target's tip unless told) that writes these files; null removes one. */
export async function branch({ rig }: QueueTown, name: string, files: Readonly<Record<string, string | null>>, from?: string): Promise<string> {
  const parent = from ?? (await tip(rig));
  const person = { name: 'nux', email: owner.email, epochSeconds: 1_700_000_000, zone: '+0000' };
  const ref = `refs/heads/${name}`;
  const expected = (await readRef(rig.repository, ref)) ?? null;
  const made = await importCommit(rig.repository, ref, parent, async () => ({ message: `Work on ${name}\n`, author: person, committer: person, files: new Map(Object.entries(files)) }), { expected });
  return made ?? '';
}

/** Where the target is. */
export async function tip(rig: Rig): Promise<string> {
  return gitText(rig.repository, ['rev-parse', rig.remote === undefined ? 'refs/heads/main' : 'refs/remotes/origin/main']);
}

/** Files a bead and hangs it on a worker's hook. Returns the token of that claim. */
export async function slung({ town, rig }: QueueTown, id: string, worker = 'citadel/polecats/nux', priority = 2): Promise<string> {
  const act = { by: 'mayor', at: new Date().toISOString() };
  const who = signatureOf(town, 'mayor');
  await transact(rig.ledger, who, `Create ${id}`, (view) => (view.get(id) ? [] : create(view, id, { title: `Guard the ${id} gate`, priority }, act)));
  const { written } = await transact(rig.ledger, who, `Hook ${id}`, (view) => hook(view, id, worker, act));
  const stored = written.get(id);
  return stored === undefined ? '' : phaseOf(stored)[0];
}

/** Slings a bead to nux, does its work as one commit and submits it. */
export async function submitted(world: QueueTown, id: string, files: Readonly<Record<string, string | null>>, more: Partial<Offer> & { from?: string } = {}): Promise<Submitted> {
  const { from, ...offer } = more;
  const token = await slung(world, id, 'citadel/polecats/nux', offer.priority);
  const name = `polecat/nux/${id}`;
  const head = offer.head ?? (await branch(world, name, files, from));
  return submitRequest(world.town, world.rig, { head, branch: name, target: 'main', source: id, token, worker: 'citadel/polecats/nux', priority: 2, ...offer }, signatureOf(world.town, 'citadel/polecats/nux'));
}

/** Lets the queue work until nothing is left to decide. */
export async function runQueue({ town, rig }: QueueTown, options: Partial<RefineryOptions> = {}): Promise<RefineryReport> {
  const progress = process.env['SHOW_PROGRESS'] === undefined ? undefined : (line: string) => process.stderr.write(`${line}\n`);
  return refineryTick(town, rig, { env: process.env, ...(progress === undefined ? {} : { progress }), ...options });
}

/** A bead as the ledger has it now. */
export async function bead({ rig }: QueueTown, id: string): Promise<Bead> {
  const found = await consult(rig.ledger, (view) => view.get(id));
  if (found === undefined) throw new Error(`there is no bead ${id}`);
  return found;
}

/** A request as the ledger has it now. */
export async function request(world: QueueTown, id: string): Promise<MergeRequest> {
  return requestOf(await bead(world, id));
}

/** A file of the target as git has it there, where the target counts; undefined where it is not. */
export async function landedFile({ place }: QueueTown, path: string): Promise<string | undefined> {
  const text = await gitText(place, ['ls-tree', 'main', '--', path]);
  return text === '' ? undefined : gitText(place, ['show', `main:${path}`]);
}

/** The branches of the queue that are left, wherever the queue keeps them. */
export async function queueBranches({ rig, place }: QueueTown): Promise<string[]> {
  const list = async (where: string): Promise<string> => gitText(where, ['for-each-ref', '--format=%(refname)', 'refs/heads/mq', 'refs/remotes/origin/mq']);
  return [await list(rig.repository.gitDir), await list(place)].join('\n').split('\n').filter((line) => line !== '');
}

/** What is noted of the tree of a commit: the gate that ran on it, and how. */
export async function noteOn({ rig }: QueueTown, commit: string): Promise<{ gate: string; attempts: { verdict: string; tail: string; signer: string }[] }> {
  const tree = await gitText(rig.repository, ['rev-parse', `${commit}^{tree}`]);
  return JSON.parse(await gitText(rig.repository, ['notes', '--ref=gates', 'show', tree]));
}
