import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran } from '../../helpers/temporary.ts';
import { pick, type Book, type Dice, type Filed } from './book.ts';
import type { Machine } from './machines.ts';

/** A host with its clone, and what the people there go by. */
export interface Host {
  readonly machine: Machine;
  readonly clone: string;
  readonly dice: Dice;
  readonly book: Book;
  /** When nobody begins anything any more, by performance.now(). */
  readonly end: number;
  /** The last commit of the branch that its people push by themselves. */
  own: string;
  made: number;
}

/** Failures that a network explains, or another machine, or another process of this one. */
const explained = new Set([
  'remote.unreachable', 'git.timed-out', 'push.refused', 'sync.busy', 'lock.busy', 'ledger.busy', 'claim.held', 'engine.runs', 'bead.unknown', 'bead.taken', 'bead.closed', 'bead.submitted', 'ref.moved',
]);

/** Runs gt on a host; each failure is counted by its code, and is a trouble where nothing explains it. */
export async function gt(host: Host, ...words: string[]): Promise<Ran> {
  const ran = await host.machine.run(host.clone, ['gt', ...words, '--json']);
  if (ran.code === 0) return ran;
  const codes = codesOf(ran);
  for (const code of codes) host.book.count(`refused: ${code}`);
  if (!codes.every((code) => explained.has(code))) host.book.troubles.push(`${host.machine.name}: gt ${words.join(' ')}: ${`${ran.stderr.trim()} ${ran.stdout.trim()}`.slice(0, 2000)}`);
  return ran;
}

/** Why a command failed, by codes: the one that stopped it, or those that it answers, as a round of sharing does where it got on with the rest. */
function codesOf({ code, signal, stdout, stderr }: Ran): string[] {
  const stopped = /"code":"([^"]+)"/.exec(stderr)?.[1];
  if (stopped !== undefined) return [stopped];
  const { failures = [] } = stdout === '' ? {} : (JSON.parse(stdout) as { failures?: readonly { readonly code: string }[] });
  return failures.length > 0 ? failures.map((failure) => failure.code) : [`status ${code ?? signal}`];
}

async function done(host: Host, kind: string, ...words: string[]): Promise<boolean> {
  const { code } = await gt(host, ...words);
  if (code === 0) host.book.count(kind);
  return code === 0;
}

/** How long work takes: some of it longer than a machine may be silent. */
function pause({ dice }: Host): string {
  return `sleep ${(dice() < 0.3 ? 12 + dice() * 10 : dice() * 6).toFixed(1)}`;
}

/** Files a bead; work begins with `first`, a command of the shell. Where `tries` is high, nobody else slings it. */
async function file(host: Host, kind: Filed['kind'], first = pause(host), tries = 0): Promise<Filed | undefined> {
  const { machine, book } = host;
  host.made += 1;
  const path = `${kind}/${machine.name}-${host.made}.txt`;
  // Done twice, two lines would be there.
  const command = `${first}; mkdir -p ${kind}; echo "$(hostname)" >>${path}`;
  const ran = await gt(host, 'create', path, ...(kind === 'work' ? ['--run', command] : []));
  if (ran.code !== 0) return undefined;
  const { id } = JSON.parse(ran.stdout) as { id: string };
  const filed: Filed = { id, kind, host: machine.name, file: path, slung: false, tries, closed: false };
  book.count(`${kind} filed`);
  book.titles.set(id, [path]);
  book.beads.set(id, filed);
  return filed;
}

/** Begins work that ends on this host only once the file `hold` is gone, and anywhere else at once; the hub knows of it then. Answers its bead; undefined where that did not come about. */
export async function beginEndless(host: Host, hold: string): Promise<string | undefined> {
  const bead = await file(host, 'work', `while [ "$(hostname)" = ${host.machine.name} ] && [ -e '${hold}' ]; do sleep 0.2; done`, 100);
  if (bead === undefined) return undefined;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    if (!bead.slung) await sling(host, bead);
    // The first round may be what takes the claim, and the second is what tells of it.
    else if ((await gt(host, 'sync')).code === 0 && (await gt(host, 'sync')).code === 0) return bead.id;
    await sleep(500);
  }
  return undefined;
}

/** Waits until one of these hosts has written down an event of a bead, or a minute and a half is over. */
export async function untilTold(hosts: readonly Host[], kind: string, bead: string): Promise<void> {
  for (const until = performance.now() + 90_000; performance.now() < until; await sleep(1000)) {
    for (const { machine, clone } of hosts) {
      const { stdout } = await machine.run(clone, ['gt', 'log', '--json', '--limit', '1000']);
      if (stdout !== '' && (JSON.parse(stdout) as { kind: string; subject?: string }[]).some((event) => event.kind === kind && event.subject === bead)) return;
    }
  }
}

async function comment(host: Host, bead: string): Promise<void> {
  const text = `${host.machine.name} says ${Math.floor(host.dice() * 1e9)}`;
  if (await done(host, 'comments', 'comment', bead, text)) host.book.comments.push({ bead, text });
}

async function label(host: Host, bead: string): Promise<void> {
  const name = `${host.machine.name}-${Math.floor(host.dice() * 1e9)}`;
  if (await done(host, 'labels', 'update', bead, '--add-label', name)) host.book.labels.push({ bead, label: name });
}

async function retitle(host: Host, bead: string): Promise<void> {
  const title = `${host.machine.name} calls it ${Math.floor(host.dice() * 1e9)}`;
  if (await done(host, 'titles', 'update', bead, '--title', title)) host.book.titles.get(bead)?.push(title);
}

async function take(host: Host, bead: string): Promise<void> {
  if (await done(host, 'chores claimed', 'claim', bead)) host.book.takers.set(bead, [...(host.book.takers.get(bead) ?? []), host.machine.name]);
}

async function closeOrOpen(host: Host): Promise<void> {
  const own = pick(host.dice, host.book.all('chore').filter((each) => each.host === host.machine.name));
  if (own === undefined) return;
  if (await done(host, own.closed ? 'chores reopened' : 'chores closed', own.closed ? 'reopen' : 'close', own.id)) own.closed = !own.closed;
}

/** What people write down, without asking anybody: never waits for the hub. */
export async function write(host: Host): Promise<void> {
  const { dice, book, end } = host;
  while (performance.now() < end) {
    const what = dice();
    // What was filed elsewhere may not be known here yet.
    const known = dice() < 0.5 ? [...book.beads.values()] : [...book.beads.values()].filter((each) => each.host === host.machine.name);
    const bead = pick(dice, known)?.id;
    const chore = pick(dice, known.filter(({ kind }) => kind === 'chore'))?.id;
    if (what < 0.05) await file(host, 'work');
    else if (what < 0.13 || bead === undefined || chore === undefined) await file(host, 'chore');
    else if (what < 0.45) await comment(host, bead);
    else if (what < 0.65) await label(host, bead);
    else if (what < 0.75) await retitle(host, bead);
    else if (what < 0.83) await take(host, chore);
    else await closeOrOpen(host);
    await sleep(100 + dice() * 500);
  }
}

/** Slings a bead, which others may sling at the same time. */
export async function sling(host: Host, bead: Filed): Promise<void> {
  bead.tries += 1;
  const ran = await gt(host, 'sling', bead.id);
  if (ran.code !== 0) return;
  const [slung] = (JSON.parse(ran.stdout) as { slung: { outcome: string; unclaimed?: boolean }[] }).slung;
  host.book.count(`sling: ${slung?.outcome}`);
  if (slung?.unclaimed === true) host.book.count('sling: while cut off');
  bead.slung = true;
}

/** Files work that two hosts know of and sling in the same moment, again until one of them was refused it for the other's claim. */
export async function clash(host: Host, other: Host): Promise<void> {
  for (let attempt = 0; attempt < 10 && host.book.times('refused: claim.held') === 0; attempt += 1) {
    const bead = await file(host, 'work', pause(host), 100);
    if (bead === undefined) continue;
    for (const each of [host, other]) await gt(each, 'sync');
    await Promise.all([sling(host, bead), sling(other, bead)]);
  }
}

/** Hands out work, some of it twice. */
export async function handOut(host: Host, everywhere: readonly Host[]): Promise<void> {
  const { dice, book, end } = host;
  while (performance.now() < end) {
    const work = book.all('work').filter(({ tries }) => tries < 4);
    const bead = dice() < 0.7 ? pick(dice, work.filter(({ slung }) => !slung)) : pick(dice, work);
    // One that two machines sling in the same moment, now and then.
    const other = dice() < 0.4 ? pick(dice, everywhere.filter((each) => each !== host)) : undefined;
    if (bead !== undefined) await Promise.all([sling(host, bead), ...(other === undefined ? [] : [sling(other, bead)])]);
    await sleep(1000 + dice() * 4000);
  }
}

/** Shares what was written, or fails to. */
export async function share(host: Host): Promise<void> {
  const { dice, end } = host;
  while (performance.now() < end) {
    if (dice() < 0.5) await done(host, 'syncs by hand', 'sync');
    else await pushOwn(host);
    await sleep(1000 + dice() * 5000);
  }
}

/** Stops the engine, or kills it, and starts it again. */
export async function disrupt(host: Host): Promise<void> {
  const { dice, end } = host;
  for (;;) {
    await sleep(10_000 + dice() * 40_000);
    if (performance.now() > end) return;
    await restart(host);
  }
}

/** A person's own push, which the ledger goes along with. */
async function pushOwn(host: Host): Promise<void> {
  const { machine, clone, book } = host;
  const branch = `people/${machine.name}`;
  const commit = await machine.output(clone, ['git', 'commit-tree', `${host.own}^{tree}`, '-p', host.own, '-m', `By hand on ${machine.name}`]);
  const ran = await machine.run(clone, ['git', 'push', '-q', 'origin', `${commit}:refs/heads/${branch}`]);
  // Whether it has arrived or not: the next one is made on top of it.
  host.own = commit;
  book.count(ran.code === 0 ? 'pushes by hand' : 'pushes by hand that failed');
  if (ran.code !== 0 && !/Could not read from remote|early EOF|hung up|unexpected disconnect|closed by remote|Timeout, server|Broken pipe|unpack/i.test(ran.stderr)) book.troubles.push(`${machine.name}: git push: ${ran.stderr}`);
  if (ran.code === 0) book.pushed.set(branch, commit);
}

async function restart(host: Host): Promise<void> {
  const { machine, clone, book, dice } = host;
  // Whichever has happened less, so that a short play comes to both.
  if (book.times('engines stopped') + dice() <= book.times('engines killed') + 0.5) await done(host, 'engines stopped', 'down');
  else {
    const killed = await machine.run(clone, ['sh', '-c', 'kill -9 "$(sed "s/.*\\"pid\\":\\([0-9]*\\).*/\\1/" .git/gastown/engine.json)"']);
    if (killed.code === 0) book.count('engines killed');
  }
  await sleep(dice() * 2000);
  await done(host, 'engines started', 'up');
}
