import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process by its number and when it started, so that a number that was given out again is not mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; compares equal for the same process only. Empty where it could not be found out: then nothing is proven. */
  readonly started: string;
}

/** What the system tells of one process. */
interface Sighting extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** It has ended, and its parent has not asked how. */
  readonly ended: boolean;
}

/** Marks all that one session or gate starts: a variable and its value, looked for in environments. */
export interface Mark {
  readonly name: string;
  readonly value: string;
  /** The mark proves by itself, wherever the process went; without it, only in the session or group that the first process led. */
  readonly everywhere?: boolean;
}

const systemErrors = (error: unknown): string | undefined => (error instanceof Error && 'code' in error ? String(error.code) : undefined);

let proc: boolean | undefined;
const hasProc = (): boolean => (proc ??= existsSync('/proc/self/stat'));

let boot: string | undefined;

/** Names this run of the machine, since start times are counted from its beginning; empty where the kernel does not say the same twice. */
function bootId(): string {
  const read = (): string => {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    } catch {
      return '';
    }
  };
  if (boot === undefined) {
    const first = read();
    boot = first === read() ? first : '';
  }
  return boot;
}

function parseStat(pid: number, text: string): Sighting | undefined {
  // The name of the program stands in brackets and may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields[19];
  if (ticks === undefined) return undefined;
  const [state, parent, group, session] = fields;
  return { pid, started: `${bootId()}.${ticks}`, parent: Number(parent), group: Number(group), session: Number(session), ended: state === 'Z' || state === 'X' };
}

/** Asks ps, where there is no /proc; `undefined` when it did not answer. One `-o` a column: some read a comma after `=` as a part of the heading. */
function askPs(selection: readonly string[]): Sighting[] | undefined {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const ran = spawnSync('ps', [...selection, '-o', 'pid=', '-o', 'ppid=', '-o', 'pgid=', '-o', 'stat=', '-o', 'lstart='], {
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
    timeout: 5_000,
  });
  // It ends with 1 when it has nobody to show.
  if (ran.error !== undefined || (ran.status !== 0 && ran.status !== 1)) return undefined;
  return ran.stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length >= 9)
    .map(([pid, parent, group, state, ...started]) => ({
      pid: Number(pid),
      started: started.join(' '),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      ended: state?.startsWith('Z') ?? false,
    }));
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrors(error) !== 'ESRCH';
  }
}

/** Looks at one process; `undefined` when there is none. */
function look(pid: number): Sighting | undefined | 'unknown' {
  if (!Number.isSafeInteger(pid) || pid <= 0) return 'unknown';
  if (!hasProc()) {
    const seen = askPs(['-p', String(pid)]);
    return seen === undefined ? 'unknown' : (seen.find((one) => one.pid === pid) ?? (exists(pid) ? 'unknown' : undefined));
  }
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? 'unknown';
  } catch {
    // Hidden from us, or gone: a signal that does nothing tells which.
    return exists(pid) ? 'unknown' : undefined;
  }
}

/** Tells when a process started, in a form that only compares; `undefined` when there is none or it cannot be seen. */
export function processStart(pid: number): string | undefined {
  const seen = look(pid);
  return typeof seen === 'object' ? seen.started : undefined;
}

/** Names this very process. */
export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStart(process.pid) ?? '' };
}

/** Tells whether this very process still runs: one that has the same number but another start does not count, nor one that has ended and waits for its parent. */
export function isAlive({ pid, started }: ProcessIdentity): boolean | 'unknown' {
  const seen = look(pid);
  if (seen === undefined) return false;
  if (seen === 'unknown' || started === '') return 'unknown';
  return seen.started === started && !seen.ended;
}

/** Every process of the machine; `undefined` when they could not be looked at. */
function allProcesses(): Sighting[] | undefined {
  if (!hasProc()) return askPs(['-ax']);
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map((id) => look(Number(id))).filter((seen) => typeof seen === 'object');
}

function bears(pid: number, { name, value }: Mark): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${name}=${value}\0`);
  } catch {
    return false; // not ours to read, or ended meanwhile
  }
}

/** Everything that still runs of what a process started, itself included, us excluded. Without its first process only what bears the mark counts, since nothing else proves who it belongs to. `undefined` when that cannot be seen. */
function family(first: ProcessIdentity, mark: Mark | undefined): ProcessIdentity[] | undefined {
  const all = allProcesses()?.filter((one) => !one.ended);
  if (all === undefined) return undefined;
  const leads = all.some((one) => one.pid === first.pid && one.started === first.started);
  const near = (one: Sighting): boolean => one.session === first.pid || one.group === first.pid;
  const marked = (one: Sighting): boolean => mark !== undefined && (mark.everywhere === true || near(one)) && bears(one.pid, mark);
  const members = new Map(all.filter((one) => (leads && (one.pid === first.pid || near(one))) || marked(one)).map((one) => [one.pid, one]));
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const one of all) {
      if (members.has(one.parent)) members.set(one.pid, one);
    }
  }
  members.delete(process.pid);
  return [...members.values()];
}

/** Signals one process, if it is still the one that is meant. */
function signalOne(one: ProcessIdentity, signal: NodeJS.Signals): void {
  if (processStart(one.pid) !== one.started) return;
  try {
    process.kill(one.pid, signal);
  } catch (error) {
    if (systemErrors(error) !== 'ESRCH' && systemErrors(error) !== 'EPERM') throw error;
  }
}

/**
 * Signals a process and all that it started, each only after its start time was compared; never the process that asks. `unknown`: the first process could not be
 * told from another, nothing was signalled.
 */
export function killTree(first: ProcessIdentity, signal: NodeJS.Signals, mark?: Mark): 'signalled' | 'gone' | 'unknown' {
  if (isAlive(first) === 'unknown') return 'unknown';
  const members = family(first, mark);
  if (members === undefined) return 'unknown';
  for (const one of members) signalOne(one, signal);
  return members.length > 0 ? 'signalled' : 'gone';
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resume) => setTimeout(resume, milliseconds));

const killMilliseconds = 2_000;

/** Ends a process and all that it started: SIGTERM, after `graceMs` SIGKILL. `unknown`: it could not be told from another and was left alone, or did not go. */
export async function endTree(first: ProcessIdentity, options: { graceMs?: number; mark?: Mark } = {}): Promise<'gone' | 'unknown'> {
  const { graceMs = 2_000, mark } = options;
  if (isAlive(first) === 'unknown') return 'unknown';
  const began = performance.now();
  // Who was seen once is followed to the end, even when nothing but memory still ties it to the family.
  const seen = new Map<string, ProcessIdentity>();
  const termed = new Set<string>();
  for (;;) {
    const members = family(first, mark);
    for (const one of members ?? []) seen.set(`${one.pid} ${one.started}`, one);
    for (const [key, one] of seen) if (isAlive(one) === false) seen.delete(key);
    if (members !== undefined && seen.size === 0) return 'gone';
    const passed = performance.now() - began;
    if (passed > graceMs + killMilliseconds) return 'unknown';
    for (const [key, one] of seen) {
      if (passed >= graceMs) signalOne(one, 'SIGKILL');
      else if (!termed.has(key)) signalOne(one, 'SIGTERM');
      termed.add(key);
    }
    await sleep(passed >= graceMs ? 5 : 20);
  }
}
