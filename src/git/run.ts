import { spawn, spawnSync, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { Broken, Busy } from '../base/errors.ts';
import { configurationEnvironment, ground, looksHostile, mayFetchMissing, overridesFor, type Configuration } from './configuration.ts';
import { childEnvironment } from './environment.ts';
import { discover, type Repository } from './repository.ts';

export interface GitOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** How long git may run, in milliseconds; a minute unless told. */
  readonly timeoutMs?: number;
  /** Exit statuses that are answers and not failures; 0 alone unless told. */
  readonly accept?: readonly number[];
  readonly config?: Configuration;
  /** Works on the files of the worktree, and then with nothing that the repository's own configuration would run. */
  readonly worktree?: boolean;
  /** Runs drivers: likewise with nothing that the repository's own configuration would run. */
  readonly guarded?: boolean;
  /** Talks to a remote: likewise, and from where git resolves a relative address. */
  readonly remote?: boolean;
}

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Git ended with a status that is no answer. */
export class GitFailed extends Broken {
  readonly code = 'git.failed';
  constructor(args: readonly string[], status: number | string, stderr: string) {
    const said = stderr.split('\n').find((line) => line.trim() !== '' && !/^(hint|warning):/.test(line)) ?? stderr.trim();
    super(`git ${args[0] ?? ''} ended with ${status}: ${said === '' ? 'it said nothing' : said}`, { args, status, stderr }, 'git fsck (says whether the repository is damaged)');
  }
}

/** Git did not end within its time, or was silent for so long where its output is read as it comes, and was stopped. */
export class GitTimedOut extends Busy {
  readonly code = 'git.timed-out';
  constructor(args: readonly string[], milliseconds: number, silent = false) {
    super(`git ${args[0] ?? ''} ${silent ? 'said nothing for' : 'did not end within'} ${milliseconds / 1000} s and was stopped`, { args, milliseconds }, 'run the command again');
  }
}

/** There is no git program on this machine's PATH. */
export class GitMissing extends Broken {
  readonly code = 'git.missing';
  constructor() {
    super('there is no git program on the PATH', {}, 'install git 2.38 or newer');
  }
}

/** The git program on this machine lacks what the town is built on. */
export class GitTooOld extends Broken {
  readonly code = 'git.too-old';
  constructor(found: string, needed: string) {
    super(`git ${found} is too old: ${needed} or newer is needed`, { found, needed }, `install git ${needed} or newer`);
  }
}

/** What it takes to start one git process. */
export interface Invocation {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** Prepares one git process for a repository, or for a folder in which git looks for its own. */
export async function invocation(where: Repository | string, args: readonly string[], options: GitOptions = {}): Promise<Invocation> {
  if (typeof where === 'string' && !isAbsolute(where)) throw new Error(`git is given an absolute folder, not ${where}`);
  const repository = typeof where === 'string' ? discover(where) : where;
  const guarded = typeof where === 'string' || options.worktree === true || options.guarded === true || options.remote === true;
  const overrides = repository !== undefined && (guarded || looksHostile(repository)) ? await hostileOverrides(repository) : {};
  const { env, cwd } = place(where, options);
  return {
    args: ['--no-pager', ...args],
    cwd,
    env: childEnvironment({
      ...(guarded && (repository === undefined || mayFetchMissing(repository)) ? {} : { GIT_NO_LAZY_FETCH: '1' }),
      ...configurationEnvironment({ ...ground, ...overrides, ...options.config }),
      ...env,
      ...options.env,
    }),
  };
}

function place(where: Repository | string, { worktree, remote }: GitOptions): { cwd: string; env: Record<string, string> } {
  if (typeof where === 'string') return { cwd: where, env: {} };
  if (worktree !== true) return { cwd: remote === true ? (where.worktree ?? where.gitDir) : where.gitDir, env: { GIT_DIR: where.gitDir } };
  if (where.worktree === undefined) throw new Error(`${where.gitDir} has no worktree`);
  return { cwd: where.worktree, env: { GIT_DIR: where.gitDir, GIT_WORK_TREE: where.worktree } };
}

/** Configuration that takes the place of everything that the repository's own configuration would have git run. */
export async function hostileOverrides(repository: Repository): Promise<Record<string, string | readonly string[]>> {
  const args = ['config', '--list', '--show-scope', '-z'];
  const env = childEnvironment({ ...configurationEnvironment(ground), GIT_DIR: repository.gitDir });
  const { code, stdout, stderr } = await collect({ args, cwd: repository.gitDir, env }, undefined, 60_000);
  if (code !== 0) throw new GitFailed(args, code, stderr);
  return overridesFor(stdout.toString('utf8'));
}

const living = new Set<ChildProcessWithoutNullStreams>();
let watchesExit = false;

/** Starts git in a process group of its own, which is stopped when this process exits. */
export function startGit({ args, cwd, env }: Invocation): ChildProcessWithoutNullStreams {
  if (!watchesExit) {
    watchesExit = true;
    process.once('exit', () => living.forEach((child) => signalGroup(child, 'SIGTERM')));
  }
  const child = spawn('git', args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  living.add(child);
  child.once('close', () => living.delete(child));
  child.once('error', () => living.delete(child));
  return child;
}

/** Starts git and leaves it alone: nobody hears from it again, and it lives on when this process ends. Answers its number; undefined where it could not be started. */
export function startAside({ args, cwd, env }: Invocation): number | undefined {
  const child = spawn('git', args, { cwd, env, detached: true, stdio: 'ignore', windowsHide: true });
  child.on('error', () => {}); // there is no git, which the next command will say
  child.unref();
  return child.pid;
}

/** Starts git with open files as its input and its output; what it complains of is not heard. One that cannot be started ends like any other. */
export function startBetween({ args, cwd, env }: Invocation, input: number, output: number): ChildProcess {
  const child = spawn('git', args, { cwd, env, stdio: [input, output, 'ignore'], windowsHide: true });
  child.on('error', () => {}); // its output ends, which says it
  child.unref();
  return child;
}

/** Stops a git process and everything it started: asks first, so that it removes its locks, and kills it two seconds later. */
export function stopGit(child: ChildProcessWithoutNullStreams): void {
  signalGroup(child, 'SIGTERM');
  setTimeout(() => signalGroup(child, 'SIGKILL'), 2000).unref();
}

function signalGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !living.has(child)) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself in the meantime.
  }
}

/**
 * Runs git once and waits for its end. With `take` its output is handed over as it comes and not kept, and `timeoutMs` is how long git may be silent. Throws GitFailed, GitTimedOut, GitMissing, GitTooOld, and
 * what `take` throws, which stops git.
 */
export async function runGit(where: Repository | string, args: readonly string[], options: GitOptions = {}, take?: (chunk: Buffer) => void): Promise<GitResult> {
  const result = await collect(await invocation(where, args, options), options.input, options.timeoutMs ?? 60_000, take);
  if ((options.accept ?? [0]).includes(result.code)) return result;
  await requireGit();
  throw new GitFailed(args, result.code, result.stderr);
}

/** Runs git once and answers what it printed, without the white space around it. */
export async function gitText(where: Repository | string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await runGit(where, args, options)).stdout.toString('utf8').trim();
}

function collect(call: Invocation, input: string | Buffer | undefined, timeoutMs: number, take?: (chunk: Buffer) => void): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = startGit(call);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let failure: Error | undefined;
    const stop = (why: Error): void => {
      clearTimeout(timer);
      failure = why;
      stopGit(child);
    };
    const timer = setTimeout(() => stop(new GitTimedOut(asked(call), timeoutMs, take !== undefined)), timeoutMs);
    let leaving: NodeJS.Timeout | undefined;
    const hand = (chunk: Buffer): void => {
      leaving?.refresh();
      // Who was given up is not listened to any more.
      if (take === undefined || failure !== undefined) return;
      timer.refresh();
      try {
        take(chunk);
      } catch (error) {
        stop(error as Error);
      }
    };
    child.stdout.on('data', take === undefined ? (chunk: Buffer) => stdout.push(chunk) : hand);
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(startFailure(error, call));
    });
    child.on('exit', () => {
      // A grandchild that keeps the pipes open must not keep us waiting.
      leaving = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream.destroy()), 2000).unref();
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (failure !== undefined) return reject(failure);
      const said = Buffer.concat(stderr).toString('utf8');
      resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: code === null ? `stopped by ${signal}\n${said}` : said });
    });
    // A child that ends early closes its input; its status says why.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

/** The same while this process does nothing else: half as dear for a short command, and nothing for one that may take long. Answers the process's number too. */
export async function runGitNow(where: Repository | string, args: readonly string[], options: GitOptions = {}): Promise<GitResult & { readonly pid: number }> {
  const call = await invocation(where, args, options);
  const timeoutMs = options.timeoutMs ?? 60_000;
  // It is ended by SIGTERM; to say so would load what knows the names of signals.
  const ran = spawnSync('git', call.args, { cwd: call.cwd, env: call.env, input: options.input ?? '', timeout: timeoutMs, maxBuffer: Infinity, windowsHide: true });
  if (ran.error !== undefined && 'code' in ran.error && ran.error.code === 'ETIMEDOUT') throw new GitTimedOut(args, timeoutMs);
  // The input of a child that ends early breaks off; its status says why.
  if (ran.error !== undefined && !('code' in ran.error && ran.error.code === 'EPIPE')) throw startFailure(ran.error, call);
  const result = { code: ran.status ?? 128, stdout: ran.stdout, stderr: ran.status === null ? `stopped by ${ran.signal}\n${ran.stderr}` : String(ran.stderr), pid: ran.pid };
  if ((options.accept ?? [0]).includes(result.code)) return result;
  await requireGit();
  throw new GitFailed(args, result.code, result.stderr);
}

/** What git is to do, without what is told it every time. */
function asked({ args }: Invocation): string[] {
  return args.filter((each) => each !== '--no-pager');
}

/** What a process that could not be started means for people. */
export function startFailure(error: Error, call: Invocation): Error {
  const { cwd } = call;
  if ((error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(cwd)) return new GitMissing();
  return new GitFailed(asked(call), 'no start', existsSync(cwd) ? error.message : `there is no folder ${cwd}`);
}

let known: Promise<string> | undefined;

/** Answers the version of the git on the PATH; throws GitTooOld when it is older than `minimum`. */
export async function requireGit(minimum = '2.38'): Promise<string> {
  known ??= collect({ args: ['--version'], cwd: '/', env: childEnvironment() }, undefined, 60_000).then(({ stdout }) => /\d+(\.\d+)+/.exec(stdout.toString('utf8'))?.[0] ?? '0');
  known.catch(() => (known = undefined)); // one that was slow is asked again
  const found = await known;
  const [a, b] = [found, minimum].map((version) => version.split('.').map(Number)) as [number[], number[]];
  const older = (a[0] ?? 0) < (b[0] ?? 0) || (a[0] === b[0] && (a[1] ?? 0) < (b[1] ?? 0));
  if (older) throw new GitTooOld(found, minimum);
  return found;
}
