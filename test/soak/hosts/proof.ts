import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Book } from './book.ts';
import type { Machine } from './machines.ts';
import type { Host } from './people.ts';

interface BeadFacts {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly assignee?: string;
  readonly labels?: readonly string[];
  readonly comments?: readonly { readonly text: string }[];
}

/** The hub, its repository, and its main branch's tip before anything landed. */
export interface Hub {
  readonly machine: Machine;
  readonly repository: string;
  readonly before: string;
}

export async function readBeads(host: Host): Promise<Map<string, BeadFacts>> {
  const text = await host.machine.output(host.clone, ['gt', 'export']);
  return new Map(text.split('\n').map((line) => JSON.parse(line) as BeadFacts).map((bead) => [bead.id, bead]));
}

/** A claim that turned out false is a line of the answer. */
class Claims {
  readonly wrong: string[] = [];

  hold(isTrue: boolean, text: string): void {
    if (!isTrue) this.wrong.push(text);
  }
}

/** Holds everything that the play is for against git; each line is a claim that turned out false. */
export async function disprove(hub: Hub, hosts: readonly Host[], book: Book): Promise<string[]> {
  const claims = new Claims();
  const [first] = hosts;
  const beads = first === undefined ? new Map<string, BeadFacts>() : await readBeads(first);
  await isOneLedger(claims, hub, hosts);
  await isNothingLost(claims, hub, beads, book);
  await isNothingTwice(claims, hub, beads, book);
  await isNothingLeft(claims, hub, hosts);
  return claims.wrong;
}

async function isOneLedger(claims: Claims, hub: Hub, hosts: readonly Host[]): Promise<void> {
  const tree = await hub.machine.output(hub.repository, ['git', 'rev-parse', 'refs/beads/main^{tree}']);
  for (const { machine, clone } of hosts) {
    claims.hold((await machine.output(clone, ['git', 'rev-parse', 'refs/beads/main^{tree}'])) === tree, `the ledger of ${machine.name} is that of the hub, byte by byte`);
    const verified = await machine.run(clone, ['gt', 'ledger', 'verify']);
    claims.hold(verified.code === 0, `the ledger of ${machine.name} is sound: ${verified.stdout}${verified.stderr}`);
  }
}

async function isNothingLost(claims: Claims, hub: Hub, beads: ReadonlyMap<string, BeadFacts>, book: Book): Promise<void> {
  for (const { id, kind, closed } of book.beads.values()) {
    const bead = beads.get(id);
    claims.hold(bead !== undefined, `${id} is there`);
    claims.hold(book.titles.get(id)?.includes(bead?.title ?? '') === true, `${id} is called what somebody called it, not ${bead?.title}`);
    if (kind === 'chore') claims.hold((bead?.status === 'closed') === closed, `${id} was last ${closed ? 'closed' : 'open'}, and is ${bead?.status}`);
    if (bead?.status === 'in_progress') claims.hold((book.takers.get(id) ?? []).some((name) => bead.assignee?.includes(name)), `${id} is with somebody who was told so, not ${bead.assignee}`);
  }
  for (const { bead, text } of book.comments) claims.hold(beads.get(bead)?.comments?.some((each) => each.text === text) === true, `${bead} has the comment ${text}`);
  for (const { bead, label } of book.labels) claims.hold(beads.get(bead)?.labels?.includes(label) === true, `${bead} has the label ${label}`);
  for (const [branch, commit] of book.pushed) {
    const { code } = await hub.machine.run(hub.repository, ['git', 'merge-base', '--is-ancestor', commit, `refs/heads/${branch}`]);
    claims.hold(code === 0, `what was pushed by hand to ${branch} is there`);
  }
}

/** What landed on the hub's branch, from git alone. */
async function isNothingTwice(claims: Claims, hub: Hub, beads: ReadonlyMap<string, BeadFacts>, book: Book): Promise<void> {
  const git = (...words: string[]): Promise<string> => hub.machine.output(hub.repository, ['git', ...words]);
  const range = `${hub.before}..main`;
  const trailers = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`;
  const read = async (...words: string[]): Promise<string[][]> => (await git('log', ...words, range)).split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  const landings = await read('--first-parent', `--format=%H%x09${trailers('Merge-Request')}%x09${trailers('Bead')}`);
  const commits = await read('--no-merges', `--format=%H%x09${trailers('Bead')}%x09${trailers('Agent')}`);
  for (const { id, file, slung } of book.all('work')) {
    const landed = landings.filter(([, , bead]) => bead === id);
    const worked = commits.filter(([, bead, agent]) => bead === id && agent !== '');
    claims.hold(landed.length === (slung ? 1 : 0), `${id} landed ${slung ? 'once' : 'never, since nobody slung it'}, not ${landed.length} times`);
    claims.hold((beads.get(id)?.status === 'closed') === (landed.length > 0), `${id} is closed just when it landed, not ${beads.get(id)?.status}`);
    claims.hold(worked.length === landed.length, `${id} landed with the one commit of one worker, not with ${worked.map(([, , agent]) => agent).join(', ')}`);
    const text = await hub.machine.run(hub.repository, ['git', 'show', `main:${file}`]);
    claims.hold(landed.length === 0 ? text.code !== 0 : text.stdout.split('\n').length === 2, `${file} was written once, not as ${text.stdout}`);
  }
  claims.hold(landings.every(([, request]) => request !== ''), 'everything on main was landed by the queue');
  for (const { id, status } of beads.values()) if (id.startsWith('shop-mr-')) claims.hold(status === 'closed', `the request ${id} has ended, and is not ${status}`);
}

async function isNothingLeft(claims: Claims, hub: Hub, hosts: readonly Host[]): Promise<void> {
  const there = await hub.machine.output(hub.repository, ['git', 'for-each-ref', '--format=%(refname)', 'refs/claims', 'refs/heads/mq', 'refs/heads/polecat']);
  claims.hold(there === '', `nothing of finished work is left on the hub: ${there}`);
  for (const { machine, clone } of hosts) {
    const left = await untilQuiet(machine);
    claims.hold(left.length === 0, `no process is left on ${machine.name}: ${left.join('; ')}`);
    const claimed = await machine.output(clone, ['git', 'for-each-ref', '--format=%(refname)', 'refs/beads-remotes/origin/claims', 'refs/heads/mq']);
    claims.hold(claimed === '', `nothing of finished work is left on ${machine.name}: ${claimed}`);
    const worktrees = await machine.output(clone, ['git', 'worktree', 'list', '--porcelain']);
    claims.hold(!/^(locked|prunable)/m.test(worktrees), `no worktree of ${machine.name} is locked or half gone: ${worktrees}`);
    const workers = JSON.parse(await machine.output(clone, ['gt', 'polecat', 'list', '--json'])) as { name: string; state: string }[];
    claims.hold(workers.every(({ state }) => state === 'idle'), `every worker of ${machine.name} is idle: ${workers.map(({ name, state }) => `${name} ${state}`).join(', ')}`);
    const state = join(clone, '.git/gastown');
    const locks = ['locks', 'leases', 'sessions'].flatMap((folder) => filesBelow(join(state, folder))).filter((name) => !name.includes('.'));
    claims.hold(locks.length === 0, `no lock and no session is left on ${machine.name}: ${locks.join(', ')}`);
    await isSound(claims, machine, join(clone, '.git'));
  }
  await isSound(claims, hub.machine, hub.repository);
}

async function isSound(claims: Claims, machine: Machine, repository: string): Promise<void> {
  const checked = await machine.run(repository, ['git', 'fsck', '--strict', '--no-dangling', '--no-progress']);
  claims.hold(checked.code === 0 && checked.stdout === '' && checked.stderr === '', `git fsck finds nothing on ${machine.name}: ${checked.stdout}${checked.stderr}`);
  const locks = filesBelow(repository).filter((name) => name.endsWith('.lock'));
  claims.hold(locks.length === 0, `no lock of git is left on ${machine.name}: ${locks.join(', ')}`);
}

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
}

/** What still runs on a machine a while after everything was stopped: packs are joined aside. */
async function untilQuiet(machine: Machine): Promise<string[]> {
  for (let attempt = 0; ; attempt += 1) {
    const left = await machine.processes();
    if (left.length === 0 || attempt === 20) return left;
    await sleep(500);
  }
}
