import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

process.on('exit', () => {
  if (process.env.KEEP) return;
  const failures: unknown[] = [];
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      // A git that joins packs may still write there: who runs the tests takes away what is left, or says that it cannot.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'));
});

/** Makes an empty folder that is removed when this process ends (kept with KEEP=1). Its path has no symlinks in it. */
export function temporary(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gt-')));
  folders.push(folder);
  return folder;
}

/** What a person's clean machine has: the programs on PATH, a home of its own with a git identity, and nothing else of ours. */
export function environment(home: string, path: readonly string[] = []): Record<string, string> {
  mkdirSync(home, { recursive: true });
  const identity = '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n';
  try {
    writeFileSync(join(home, '.gitconfig'), identity, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return {
    PATH: [...path, process.env.PATH ?? ''].join(':'),
    HOME: home,
    TMPDIR: tmpdir(),
    TMUX_TMPDIR: home,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    // By this the runner finds processes that a test left behind.
    ...(process.env.GASTOWN_TEST_RUN ? { GASTOWN_TEST_RUN: process.env.GASTOWN_TEST_RUN } : {}),
  };
}

let ownHome: string | undefined;

/** The environment of this test file: one home for all that it runs. */
export function ownEnvironment(): Record<string, string> {
  ownHome ??= temporary();
  return environment(ownHome);
}

export interface Ran {
  /** Exit status, null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to `ownEnvironment()`, or instead of it when `bare`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly bare?: boolean;
  readonly input?: string | Uint8Array;
  /** Killed after this long; 60 s when not said. */
  readonly timeoutMs?: number;
  /** Called with the process as soon as it has started, to signal it. */
  readonly started?: (pid: number) => void;
}

/** Runs a program to its end. An exit status other than 0 is an answer, not an error. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, env = {}, bare = false, input, timeoutMs = 60_000, started } = options;
  const [file, ...args] = argv;
  if (file === undefined) throw new Error('nothing to run');
  return new Promise((done, fail) => {
    const child = spawn(file, args, {
      cwd,
      env: bare ? { ...env } : { ...ownEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // a program may end before it has read its input
    child.on('error', fail);
    child.on('close', (code, signal) =>
      done({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
    child.on('spawn', () => started?.(child.pid as number));
    child.stdin.end(input);
  });
}

/** Runs a program that must succeed; answers its output without the last newline. */
export async function output(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(argv, options);
  if (ran.code !== 0) throw new Error(`${argv.join(' ')} ended with ${ran.code ?? ran.signal}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout.replace(/\n$/, '');
}

/** Makes a real repository on branch main. With `commit` (the default) it has one commit with a README; `bare` has none. */
export async function repository(
  options: { bare?: boolean; commit?: boolean; path?: string; format?: 'files' | 'reftable'; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const path = options.path ?? join(temporary(), 'repository');
  const format = options.format ? [`--ref-format=${options.format}`] : [];
  await output(['git', 'init', '-q', '-b', 'main', ...(options.bare ? ['--bare'] : []), ...format, path], { env: options.env });
  if (!options.bare && options.commit !== false) {
    writeFileSync(join(path, 'README.md'), '# A repository\n');
    await output(['git', 'add', '.'], { cwd: path, env: options.env });
    await output(['git', 'commit', '-qm', 'Begin'], { cwd: path, env: options.env });
  }
  return path;
}
