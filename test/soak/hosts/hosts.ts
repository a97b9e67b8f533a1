// Four hosts, each in namespaces of its own with a clock of its own, and one hub that they reach by ssh; cut off and joined again at random while they work. At the end nothing is lost, and nothing was done twice.
// npm run soak -- hosts [seconds of work] [seed]: the seed brings the same decisions, not the same moments. KEEP=1 keeps the folder.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Book, diceOf, pick, type Dice } from './book.ts';
import { breakConnection, cuts, lacking, Machine, openDoor, path, untilReached, type Cut } from './machines.ts';
import { beginEndless, clash, disrupt, gt, handOut, share, sling, untilTold, write, type Host } from './people.ts';
import { disprove, readBeads, type Hub } from './proof.ts';

const inside = 'GASTOWN_SOAK_INSIDE';
const [program = '', seconds = 180, seed = Date.now() % 1_000_000] = [process.argv[2] ?? '', ...process.argv.slice(3).map(Number)];
const settleMilliseconds = 420_000;
const began = performance.now();
const say = (line: string): void => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);

const minute = 60_000;
const day = 1440 * minute;
/** By how much each clock is wrong at most, in milliseconds. */
const skews = [0, 10 * minute, -3 * day, 800 * day];
/** Which host loses its work for certain: one that soon takes note of a lost connection. */
const loser = 2;
const machines: Machine[] = [];

async function open(name: string, address: string, folder: string, env: Readonly<Record<string, string>>): Promise<Machine> {
  const home = join(folder, name);
  mkdirSync(join(home, 'tmp'), { recursive: true });
  writeFileSync(join(home, '.gitconfig'), `[user]\n\tname = Ada of ${name}\n\temail = ada@${name}.example\n[init]\n\tdefaultBranch = main\n`);
  const machine = await Machine.open(name, address, home, { PATH: `${program}:${path}`, HOME: home, TMPDIR: join(home, 'tmp'), TZ: 'UTC', LANG: 'C.UTF-8', GIT_CONFIG_NOSYSTEM: '1', ...env });
  machines.push(machine);
  return machine;
}

/** The hub with one commit, and the hosts with a clone each that is a town by itself. */
async function build(folder: string, dice: Dice, book: Book): Promise<{ hub: Hub; hosts: Host[] }> {
  const far = await open('hub', '10.77.0.1', folder, {});
  const repository = join(folder, 'hub', 'shop.git');
  const seedling = join(folder, 'hub', 'seed');
  await far.output('/', ['sh', '-c', 'git init -q "$1" && cd "$1" && echo "# A shop" >README.md && git add . && git commit -qm Begin && git clone -q --bare . "$2"', 'sh', seedling, repository]);
  const before = await far.output(repository, ['git', 'rev-parse', 'main']);
  const door = await openDoor(far);
  const hosts: Host[] = [];
  for (const [index, most] of skews.entries()) {
    const skew = Math.round(most * (0.5 + dice() / 2));
    const machine = await open(`host${index + 1}`, `10.77.0.${11 + index}`, folder, { GASTOWN_SOAK_SKEW: String(skew), GIT_SSH_COMMAND: door.command(index % 2 === 1) });
    await machine.plugInto(far);
    await untilReached(machine, door.url(repository));
    const clone = join(machine.home, 'shop');
    await machine.output(machine.home, ['git', 'clone', '-q', door.url(repository), clone]);
    say(`${machine.name} is ${(skew / minute).toFixed(0)} minutes ahead`);
    hosts.push({ machine, clone, dice: diceOf(seed + index), book, end: 0, own: before, made: 0 });
  }
  for (const [index, { machine, clone }] of hosts.entries()) {
    const town = index === 0 ? ['gt', 'init', '--quiet', '--prefix', 'shop', '--remote', 'origin', '--gate', 'test -f README.md'] : ['gt', 'init', '--quiet'];
    await machine.output(clone, town);
    if (index === 0) for (const [key, value] of [['sync.interval', '500ms'], ['sync.pushes_per_minute', '600'], ['claims.duration', '10s']] as const) await machine.output(clone, ['gt', 'config', 'set', key, value]);
    await machine.output(clone, ['gt', 'sync']);
    await machine.output(clone, ['gt', 'trust', 'origin']);
  }
  for (const { machine, clone } of hosts) await machine.output(clone, ['gt', 'up']);
  return { hub: { machine: far, repository, before }, hosts };
}

/** One of the ways to cut a host off that were used least, so that a short play comes to all of them. */
function draw(dice: Dice, book: Book): Cut | undefined {
  const used = ({ name }: Cut): number => book.times(`cut: ${name}`);
  return pick(dice, cuts.filter((cut) => used(cut) === Math.min(...cuts.map(used))));
}

/** Cuts a host off while it works, until another one has taken that work over, and joins it again: it learns of its loss before it is done. */
async function loseWork(hub: Hub, host: Host, others: readonly Host[]): Promise<void> {
  const { machine, dice, book } = host;
  const hold = join(machine.home, 'hold');
  writeFileSync(hold, '');
  const bead = await beginEndless(host, hold);
  const cut = draw(dice, book);
  if (bead !== undefined && cut !== undefined) {
    await untilTold([host], 'session.started', bead);
    await cut.cut(hub.machine, machine);
    book.count(`cut: ${cut.name}`);
    await untilTold(others, 'work.taken-over', bead);
    await cut.join(hub.machine, machine);
    book.count('joined again');
    await untilTold([host], 'work.lost', bead);
  }
  rmSync(hold);
}

/** Cuts one host off and joins it again, over and over; now and then a bead is slung on both sides of a cut. */
async function disturb(hub: Hub, host: Host, everywhere: readonly Host[], loses: boolean): Promise<void> {
  const { machine, dice, book, end } = host;
  if (loses) await loseWork(hub, host, everywhere.filter((each) => each !== host));
  const slings: Promise<void>[] = [];
  while (performance.now() < end) {
    await sleep(1000 + dice() * 9000);
    const cut = draw(dice, book);
    if (cut === undefined || performance.now() > end) break;
    await cut.cut(hub.machine, machine);
    book.count(`cut: ${cut.name}`);
    const bead = dice() < 0.6 || book.times('sling: while cut off') === 0 ? pick(dice, book.all('work').filter(({ slung, tries, host: at }) => !slung && tries < 3 && at === machine.name)) : undefined;
    const other = pick(dice, everywhere.filter((each) => each !== host));
    if (bead !== undefined && other !== undefined) slings.push(sling(host, bead), sling(other, bead));
    await sleep(dice() < 0.7 ? 500 + dice() * 5000 : 8000 + dice() * 15_000);
    await cut.join(hub.machine, machine);
    book.count('joined again');
  }
  await Promise.all(slings);
}

async function breakOff(hub: Hub, dice: Dice, book: Book, end: number): Promise<void> {
  while (performance.now() < end) {
    await sleep(1000 + dice() * 4000);
    if (await breakConnection(hub.machine, (pids) => pick(dice, pids))) book.count('connections broken off');
  }
}

/** Waits until all slung work is closed everywhere and the queue is empty, on the hub and on every host, whose engines look around every half minute; what came back is slung again. */
async function settle(hub: Hub, hosts: readonly Host[], book: Book): Promise<boolean> {
  for (const until = performance.now() + settleMilliseconds; performance.now() < until; await sleep(1000)) {
    let waiting = 0;
    for (const host of hosts) {
      const beads = await readBeads(host);
      const open = book.all('work').filter(({ id, slung }) => slung && beads.get(id)?.status !== 'closed');
      const requests = [...beads.values()].filter(({ id, status }) => id.startsWith('shop-mr-') && status !== 'closed');
      waiting += open.length + requests.length;
      for (const bead of open) if (host === hosts[0] && beads.get(bead.id)?.status === 'open') await sling(host, bead);
    }
    const left = [await hub.machine.output(hub.repository, ['git', 'for-each-ref', '--format=%(refname)', 'refs/claims', 'refs/heads/mq', 'refs/heads/polecat'])];
    for (const { machine, clone } of hosts) left.push(await machine.output(clone, ['git', 'for-each-ref', '--format=%(refname)', 'refs/heads/mq']));
    if (waiting === 0 && left.every((refs) => refs === '')) return true;
  }
  return false;
}

/** Syncs until two rounds in a row have changed nothing. */
async function untilQuiet(hosts: readonly Host[]): Promise<number> {
  let before = '';
  for (let round = 1; ; round += 1) {
    for (const host of hosts) await gt(host, 'sync');
    const now = (await Promise.all(hosts.map(({ machine, clone }) => machine.output(clone, ['git', 'rev-parse', 'refs/beads/main'])))).join();
    if (now === before || round === 10) return round;
    before = now;
  }
}

async function countEvents({ machine, clone }: Host, book: Book): Promise<void> {
  const events = JSON.parse(await machine.output(clone, ['gt', 'log', '--json', '--limit', '100000'])) as { kind: string; subject?: string; data?: unknown }[];
  for (const { kind, subject, data } of events) {
    book.count(`event: ${kind}`);
    if (kind === 'patrol.failed') book.count(`patrol failed: ${String((data as { code?: string }).code)}`);
    if (kind === 'patrol.failed' && (data as { code?: string }).code === 'bug') book.troubles.push(`${machine.name}: ${subject}: ${JSON.stringify(data)}`);
  }
}

/** What has to have happened, or the play showed nothing. */
const expected = [
  'work filed', 'chore filed', 'comments', 'labels', 'titles', 'chores claimed', 'chores closed', 'chores reopened', 'syncs by hand', 'pushes by hand', 'pushes by hand that failed', 'engines stopped', 'engines killed', 'engines started',
  'sling: started', 'sling: while cut off', 'refused: claim.held', 'refused: remote.unreachable', ...cuts.map(({ name }) => `cut: ${name}`), 'joined again', 'connections broken off', 'event: work.taken-over', 'event: work.lost', 'event: request.landed',
];

/** Plays all of it; answers what turned out false. */
async function play(folder: string): Promise<string[]> {
  const book = new Book();
  const dice = diceOf(seed);
  const { hub, hosts: made } = await build(folder, dice, book);
  const end = performance.now() + seconds * 1000;
  const hosts = made.map((host): Host => ({ ...host, end }));
  say(`${hosts.length} hosts work for ${seconds} s`);
  const [first, last] = [hosts[0], hosts.at(-1)];
  if (first !== undefined && last !== undefined) await clash(first, last);
  await Promise.all([...hosts.flatMap((host, index) => [write(host), handOut(host, hosts), share(host), disrupt(host), disturb(hub, host, hosts, index === loser)]), breakOff(hub, dice, book, end)]);
  say('all are joined again; what was begun is finished');
  const settled = await settle(hub, hosts, book);
  say(settled ? 'everything is finished' : 'not everything is finished');
  await Promise.all(hosts.map(({ machine, clone }) => machine.run(clone, ['gt', 'down', '--all'])));
  say(`synced until quiet, in ${await untilQuiet(hosts)} rounds`);
  for (const host of hosts) await countEvents(host, book);
  for (const [kind, times] of [...book.counts].sort()) console.log(`${String(times).padStart(8)}  ${kind}`);
  const wrong = await disprove(hub, hosts, book);
  say(`${book.beads.size} beads, ${book.comments.length} comments, ${book.labels.length} labels were held against the ledger, and ${book.all('work').length} pieces of work against the branch`);
  const silent = expected.filter((kind) => book.times(kind) === 0).map((kind) => `it never came to: ${kind}`);
  return [...(settled ? [] : [`all work was finished within ${settleMilliseconds / 1000} s`]), ...wrong, ...book.troubles.map((trouble) => `nothing explains: ${trouble}`), ...silent];
}

/** Where one is not root, all of it plays in a user namespace. */
function enterAsUser(): number | undefined {
  if (process.getuid?.() === 0 || process.env[inside] !== undefined) return undefined;
  return spawnSync('unshare', ['--user', '--map-current-user', '--keep-caps', '--', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [inside]: '1' } }).status ?? 1;
}

async function main(): Promise<number> {
  const lack = await lacking();
  const within = lack?.startsWith('namespaces') === true ? enterAsUser() : undefined;
  if (within !== undefined) return within;
  if (lack !== undefined) {
    console.log(`this needs root, or a kernel that gives namespaces to everybody, and the programs ip and sshd; nothing was done.\n${lack}`);
    return 2;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gt-soak-')));
  chmodSync(folder, 0o755);
  console.log(`seed ${seed}: npm run soak -- hosts ${seconds} ${seed}`);
  const stop = (): void => machines.forEach((machine) => machine.end());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => (stop(), process.exit(130)));
  try {
    const wrong = await play(folder);
    for (const claim of wrong) console.log(`NOT TRUE: ${claim}`);
    if (wrong.length === 0) say(`nothing lost, nothing done twice (seed ${seed})`);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    stop();
    if (process.env['KEEP']) console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
