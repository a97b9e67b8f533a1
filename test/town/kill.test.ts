// time limit: 400 s
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { breaker, build, call, disprove, isSettled, readBeads, readLandings, rivals, type Scenario } from '../demo/scenario.ts';
import { programs } from '../helpers/programs.ts';
import { Random } from '../helpers/random.ts';
import { ownEnvironment, repository, temporary } from '../helpers/temporary.ts';

const [native] = programs;
const kills = Number(process.env['GASTOWN_KILLS'] ?? 20);
const seed = Number(process.env['GASTOWN_SEED'] ?? Date.now() % 1_000_000);
const patience = 180_000;

const random = new Random(seed);

const pause = (milliseconds: number): Promise<void> => new Promise((resume) => setTimeout(resume, milliseconds));

async function started(): Promise<Scenario> {
  const env = { ...ownEnvironment(), PATH: `${native!.folder}:${ownEnvironment()['PATH']}` };
  return build(temporary(), { repository: await repository(), beads: 'house.jsonl', program: native!.argv, env, say: () => undefined });
}

function killNow(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function enginePid({ town }: Scenario): number | undefined {
  const path = join(town, '.git/gastown/engine.json');
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

function sessionPids({ town }: Scenario): number[] {
  const folder = join(town, 'demo/.repo.git/gastown/sessions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.json')).flatMap((name) => {
    try {
      return [(JSON.parse(readFileSync(join(folder, name), 'utf8')) as { handle: { pid: number } }).handle.pid];
    } catch {
      return [];
    }
  });
}

/** Who works on the queue right now. */
function refineryPid({ town }: Scenario): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(town, 'demo/.repo.git/gastown/leases/refinery/owner'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

async function untilFound(find: () => number | undefined): Promise<number | undefined> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = find();
    if (found !== undefined) return found;
    await pause(10);
  }
  return undefined;
}

async function untilSettled(scenario: Scenario): Promise<void> {
  for (const end = performance.now() + patience; !(await isSettled(scenario)); await pause(200)) {
    if (performance.now() > end) throw new Error(`seed ${seed}: not settled\n${await scenario.gt('status')}\n${await scenario.gt('scheduler', 'status')}\n${await scenario.gt('mq', 'list')}\n${await scenario.gt('log')}`);
  }
}

/** How a run ended, with the two rivals called winner and loser: which of them is first is nobody's promise. */
async function outcome(scenario: Scenario): Promise<{ statuses: Record<string, string>; files: string; landings: number; rework: string[]; returned: Record<string, string[]> }> {
  const landings = await readLandings(scenario);
  const winner = landings.find(({ bead }) => (rivals as readonly string[]).includes(bead))?.bead;
  const role = (id: string): string => (id === winner ? 'winner' : (rivals as readonly string[]).includes(id) ? 'loser' : id);
  const beads = await readBeads(scenario);
  const own = beads.filter(({ id }) => scenario.beads.includes(id));
  const tree = await call(['git', '-C', scenario.hub, 'ls-tree', '-r', scenario.branch], scenario.env, scenario.folder);
  const listing = tree.split('\n').filter((line) => !line.endsWith('\tpaint.txt')).join('\n');
  const rework = beads.filter(({ labels }) => labels?.includes('gt:rework')).map(({ metadata }) => role(metadata?.['rework_of'] ?? ''));
  const returned = Object.fromEntries(own.filter(({ status }) => status === 'open').map(({ id, attempts }) => [role(id), (attempts ?? []).map(({ outcome: how }) => how)]));
  return { statuses: Object.fromEntries(own.map(({ id, status }) => [role(id), status])), files: listing, landings: landings.length, rework: rework.sort(), returned };
}

async function leftOvers({ town, hub, env }: Scenario): Promise<string[]> {
  const rig = join(town, 'demo/.repo.git');
  const found: string[] = [];
  const worktrees = await call(['git', '-C', rig, 'worktree', 'list', '--porcelain'], env, town);
  for (const [, path = ''] of worktrees.matchAll(/^worktree (.*)$/gm)) if (path !== rig && !path.includes('/polecats/')) found.push(`worktree ${path}`);
  for (const repo of [rig, hub]) {
    const refs = await call(['git', '-C', repo, 'for-each-ref', '--format=%(refname)', 'refs/heads/mq', 'refs/claims'], env, town);
    found.push(...refs.split('\n').filter((ref) => ref !== ''));
  }
  for (const folder of [rig, join(town, '.git')]) {
    const names = (await call(['find', folder, '-name', '*.lock', '-o', '-path', '*/gastown/sessions/*.json'], env, town)).split('\n');
    found.push(...names.filter((name) => name !== ''));
  }
  return found;
}

async function processesOf({ folder }: Scenario): Promise<string[]> {
  const listing = await call(['sh', '-c', 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline 2>/dev/null; echo " $(readlink $p/cwd 2>/dev/null)"; done'], ownEnvironment(), '/');
  return listing.split('\n').filter((line) => line.includes(folder));
}

const killed = suite('a town whose engine, sessions and refinery are killed');

killed(`at ${kills} random moments ends as an undisturbed one does (seed ${seed})`, async () => {
  const calm = await started();
  await calm.gt('scheduler', 'resume');
  await calm.gt('up');
  await untilSettled(calm);
  await calm.gt('down');
  const expected = await outcome(calm);
  assert.equal(await disprove(calm), []);

  const wild = await started();
  await wild.gt('scheduler', 'resume');
  await wild.gt('up');
  const hit = { engine: 0, session: 0, refinery: 0 };
  const victims = ['engine', 'session', 'refinery'] as const;
  for (let done = 0; done < kills; ) {
    await pause(50 + random.next() * 500);
    const wanted = victims[Math.floor(random.next() * victims.length)] ?? 'engine';
    const found = wanted === 'engine' ? enginePid(wild) : await untilFound(() => (wanted === 'session' ? sessionPids(wild)[0] : refineryPid(wild)));
    const victim = found === undefined ? 'engine' : wanted;
    if (killNow(found ?? enginePid(wild))) {
      hit[victim] += 1;
      done += 1;
    }
    if (victim !== 'session') await wild.gt('up');
  }
  await wild.gt('up');
  await untilSettled(wild);
  for (const end = performance.now() + 20_000; performance.now() < end && (await leftOvers(wild)).length > 0; await pause(200));
  await wild.gt('down');
  console.log(`\n  killed: engine ${hit.engine}, the engine while its refinery worked ${hit.refinery}, sessions ${hit.session}`);
  assert.equal(await disprove(wild), []);
  assert.equal(await outcome(wild), expected);
  assert.equal(await leftOvers(wild), []);
  assert.equal(await processesOf(wild), []);
  assert.is((await readBeads(wild)).find(({ id }) => id === breaker)?.status, 'open');
});

killed.run();
