import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../helpers/programs.ts';

/** A town with one rig, whose hub is a bare copy of a real repository. */
export interface Scenario {
  readonly folder: string;
  readonly town: string;
  readonly hub: string;
  readonly branch: string;
  /** The ids of the beads that were filed. */
  readonly beads: readonly string[];
  /** The tip of the hub before anything landed. */
  readonly before: string;
  readonly env: Readonly<Record<string, string>>;
  readonly gt: (...args: string[]) => Promise<string>;
}

export interface BeadFacts {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly issue_type: string;
  readonly close_reason?: string;
  readonly labels?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly attempts?: readonly { readonly outcome: string; readonly evidence: string }[];
}

/** The two beads that change the same file, and the one that breaks the gate. */
export const rivals = ['demo-plan7', 'demo-plan8'] as const;
export const breaker = 'demo-boom9';
export const workers = 4;
const gate = "! git grep -nE '^(<<<<<<<|>>>>>>>) ' -- '*.txt'";
/** Runs a program; its standard output. Fails with what it printed when it does not end well. */
export function call(argv: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Promise<string> {
  const [file = '', ...args] = argv;
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done(out) : fail(new Error(`${argv.join(' ')} ended with ${code}\n${out}${err}`))));
  });
}

/** What a scenario is made of. */
export interface Plan {
  /** A repository; a copy of it becomes the hub. */
  readonly repository: string;
  /** The name of a file of beads in `fixtures`. */
  readonly beads: string;
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** Makes the town: hub, rig, gate, places, and the beads filed and slung; nothing is dispatched until the scheduler is resumed. */
export async function build(folder: string, { repository, beads: file, program, env, say }: Plan): Promise<Scenario> {
  mkdirSync(folder, { recursive: true });
  const hub = join(folder, 'hub.git');
  const town = join(folder, 'town');
  const git = (...args: string[]): Promise<string> => call(['git', ...args], env, folder);
  const gt = (...args: string[]): Promise<string> => call([...program, ...args], env, town);
  say(`a copy of ${repository} becomes the hub`);
  await git('clone', '--quiet', '--bare', repository, hub);
  const branch = (await git('-C', hub, 'symbolic-ref', '--short', 'HEAD')).trim();
  const before = (await git('-C', hub, 'rev-parse', 'HEAD')).trim();
  say('a town is made, and the hub added to it as the rig "demo"');
  await call([...program, 'install', town], env, folder);
  await gt('rig', 'add', 'demo', hub, '--prefix', 'demo', '--gate', gate);
  await gt('config', 'set', 'scheduler.max_polecats', String(workers));
  const path = join(root, 'fixtures', file);
  const beads = readFileSync(path, 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as BeadFacts).id);
  await gt('import', '--rig', 'demo', path);
  say(`${beads.length} beads are filed from fixtures/${file}`);
  await gt('scheduler', 'pause');
  await gt('sling', ...beads);
  say(`${beads.length} beads are slung; ${workers} workers may work at once`);
  return { folder, town, hub, branch, beads, before, env, gt };
}

interface StatusFacts {
  readonly rigs: readonly { readonly waiting: number; readonly working: number; readonly submitted: number; readonly requests: number; readonly sessions: number }[];
}

/** Whether nothing waits, runs or has to be decided any more. */
export async function isSettled({ gt }: Scenario): Promise<boolean> {
  const { rigs } = JSON.parse(await gt('status', '--json')) as StatusFacts;
  return rigs.every((rig) => rig.waiting + rig.working + rig.submitted + rig.requests + rig.sessions === 0);
}

/** Every bead of the rig, requests and rework included. */
export async function readBeads({ gt }: Scenario): Promise<BeadFacts[]> {
  const lines = (await gt('export', '--rig', 'demo')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as BeadFacts);
}

/** A landing as git tells it. */
export interface Landing {
  readonly commit: string;
  readonly request: string;
  readonly bead: string;
}

/** What landed on the hub's branch, oldest first, read from git alone. */
export async function readLandings({ hub, branch, before, env }: Scenario): Promise<Landing[]> {
  const format = '%H%x09%(trailers:key=Merge-Request,valueonly,separator=%x2C)%x09%(trailers:key=Bead,valueonly,separator=%x2C)';
  const text = await call(['git', '-C', hub, 'log', '--first-parent', '--reverse', `--format=${format}`, `${before}..${branch}`], env, hub);
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const [commit = '', request = '', bead = ''] = line.split('\t');
    return { commit, request, bead };
  });
}

/** Holds everything that the demo claims against git; each line is a claim that turned out false. */
export async function disprove(scenario: Scenario): Promise<string[]> {
  const { hub, town, branch, before, env } = scenario;
  const git = (...args: string[]): Promise<string> => call(['git', '-C', hub, ...args], env, hub);
  const rig = (...args: string[]): Promise<string> => call(['git', '-C', join(town, 'demo/.repo.git'), ...args], env, town);
  const wrong: string[] = [];
  const claim = (isTrue: boolean, text: string): void => void (isTrue || wrong.push(text));
  const beads = new Map((await readBeads(scenario)).map((bead) => [bead.id, bead]));
  const landings = await readLandings(scenario);
  const landed = new Set(landings.map(({ bead }) => bead));
  claim((await git('merge-base', '--is-ancestor', before, branch).then(() => 'yes', () => 'no')) === 'yes', `${branch} only moved forward`);
  claim(landed.size === landings.length, 'each bead landed once');
  for (const { commit, request, bead } of landings) {
    claim(beads.get(bead)?.status === 'closed', `${bead} landed, so it is closed`);
    claim(beads.get(request)?.status === 'closed' && beads.get(request)?.metadata?.['landed'] === commit, `${request} is recorded as landed by ${commit}`);
    const tree = (await git('rev-parse', `${commit}^{tree}`)).trim();
    claim((await rig('notes', '--ref=gates', 'show', tree).catch(() => '')).includes('"pass"'), `the tree of ${commit} passed its gate`);
  }
  for (const id of scenario.beads) {
    const bead = beads.get(id);
    const lost = id === breaker || ((rivals as readonly string[]).includes(id) && !landed.has(id));
    claim(landed.has(id) === !lost, `${id} ${lost ? 'did not land' : 'landed'}`);
    claim((bead?.status === 'closed') === landed.has(id), `${id} is closed just when it landed`);
    if (lost) claim(bead?.status === 'open' && (bead.attempts ?? []).some(({ evidence }) => evidence !== ''), `${id} is back, with evidence`);
  }
  claim(rivals.filter((id) => landed.has(id)).length === 1, 'one of the two rivals landed');
  return wrong;
}
