import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './repository.ts';

/** A pack below this size, in bytes, is one of many transactions; a larger one is left to the repository's own upkeep. */
const small = 4 << 20;
const bearable = 24;
/** More packs than that make every reader slow: who has written then joins them before going on. */
const unbearable = 96;
/** A repacking that was begun so long ago, in milliseconds, has ended or will never do so. */
const longest = 600_000;

function packNames({ commonDir }: Repository): string[] {
  return readdirSync(join(commonDir, 'objects', 'pack')).filter((name) => name.endsWith('.pack'));
}

/** In bytes; 0 where it was joined with others meanwhile. */
function sizeOf({ commonDir }: Repository, pack: string): number {
  return statSync(join(commonDir, 'objects', 'pack', pack), { throwIfNoEntry: false })?.size ?? 0;
}

/** How large each pack of a repository is, in bytes. */
export function packSizes(repository: Repository): number[] {
  return packNames(repository).map((name) => sizeOf(repository, name));
}

/** How many packs are small, and the names of the large ones. */
function packsIn(repository: Repository): { readonly few: number; readonly large: readonly string[] } {
  const packs = packNames(repository);
  if (packs.length < bearable) return { few: packs.length, large: [] };
  const large = packs.filter((name) => sizeOf(repository, name) >= small);
  return { few: packs.length - large.length, large };
}

const config = { 'repack.writeBitmaps': 'false', 'pack.threads': '1' };

function repacking(large: readonly string[]): string[] {
  return ['repack', '--geometric=2', '-d', '-l', '-q', ...large.map((name) => `--keep-pack=${name}`)];
}

/** Joins the packs of single transactions; nothing that is reachable or not is dropped. Answers whether it did. */
export async function consolidate(repository: Repository): Promise<boolean> {
  sweepReports(repository);
  await sweepPacks(repository);
  const { runGit } = await import('./run.ts');
  // Another's upkeep at the same moment takes packs away from ours: then it has done what was wanted.
  const { code } = await runGit(repository, repacking(packsIn(repository).large), { config, accept: [0, 1, 128], timeoutMs: 600_000 });
  return code === 0;
}

/**
 * Has the packs of single transactions joined once there are many, by a git of its own that nobody waits for and that runs on when this process ends. It takes whole packs
 * together, whether refs reach what is in them or not, so it may run beside writers.
 */
export async function consolidateAside(repository: Repository): Promise<void> {
  const { few, large } = packsIn(repository);
  if (few < bearable) return;
  if (few >= unbearable) return void (await consolidate(repository));
  const note = join(repository.commonDir, 'gastown-repacking');
  if (isUnderWay(note)) return;
  sweepReports(repository);
  await sweepPacks(repository);
  const { invocation, startAside } = await import('./run.ts');
  const pid = startAside(await invocation(repository, repacking(large), { config }));
  if (pid === undefined) return;
  writeFileSync(note, String(pid));
  process.getBuiltinModule('node:os').setPriority(pid, 10);
}

/** Whether the process lives that a note names. */
function isUnderWay(note: string): boolean {
  try {
    if (performance.timeOrigin + performance.now() - statSync(note).mtimeMs > longest) return false;
    const pid = Number(readFileSync(note, 'utf8'));
    return pid > 1 && process.kill(pid, 0) && !isDefunct(pid);
  } catch {
    return false;
  }
}

/** Whether a process has ended and only its parent has not heard of it yet. */
function isDefunct(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, ''));
  } catch {
    return false; // no /proc on this machine
  }
}

/**
 * Takes away what writers left of packs when they were killed, or when the disk was full: half-written ones of our own that no process has open (where processes cannot be looked at, they stay), and notes
 * that keep a pack which never got its name. Answers whether there were such notes: they stand in the way of whoever writes the very same pack again.
 */
export async function sweepPacks({ commonDir }: Repository): Promise<boolean> {
  const folder = join(commonDir, 'objects', 'pack');
  const left = unopened(namesIn(folder).filter((name) => /^tmp_(pack|idx)_/.test(name)).map((name) => join(folder, name)));
  const keeping = keptInVain(folder);
  if (left.length + keeping.length === 0) return false;
  // A pack that is complete is closed, and its note written, just before it gets its name.
  await new Promise((resume) => setTimeout(resume, 100));
  const stillKeeping = keptInVain(folder).filter((path) => keeping.includes(path));
  for (const path of stillKeeping) rmSync(path, { force: true });
  for (const path of unopened(left)) {
    try {
      if (statSync(path).uid === process.getuid?.()) unlinkSync(path);
    } catch {
      // It has its name by now, or another sweep took it.
    }
  }
  return stillKeeping.length > 0;
}

/** The notes of fast-import that keep packs which are not there. */
function keptInVain(folder: string): string[] {
  const names = new Set(namesIn(folder));
  return [...names]
    .filter((name) => name.endsWith('.keep') && !names.has(`${name.slice(0, -'.keep'.length)}.pack`))
    .map((name) => join(folder, name))
    .filter((path) => says(path) === 'fast-import');
}

function says(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // another sweep took it
  }
}

/** The names in a folder; none where it is missing or damaged. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Those of these files that no process has open; none of them where that cannot be seen. */
function unopened(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const left = new Set(paths);
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) for (const path of openIn(pid)) left.delete(path);
  } catch {
    return [];
  }
  return [...left];
}

/** What a process has open; nothing of one that has ended, or that belongs to somebody else. */
function openIn(pid: string): string[] {
  const folder = join('/proc', pid, 'fd');
  return namesIn(folder).map((file) => target(join(folder, file)));
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // It was closed meanwhile.
    return '';
  }
}

/** A report about our refs, or about reading our files, or about nothing. */
const reportOfOurs = / refs\/(beads|wisps|town|gastown)\/|^\* ls [0-9a-f]+ "(beads|settings)\/|^Most Recent Commands Before Crash\n-+\n\n/m;

/** Takes away what a fast-import of this number wrote when it ended without its `done`; there may be nothing. */
export function takeAwayReport({ gitDir }: Repository, pid: number | undefined): void {
  try {
    unlinkSync(join(gitDir, `fast_import_crash_${pid}`));
  } catch {
    // It ended as it should.
  }
}

/** Takes away what fast-import wrote about writers of ours that were killed: it tells nothing that the ref does not. */
function sweepReports({ gitDir }: Repository): void {
  for (const name of readdirSync(gitDir).filter((each) => /^fast_import_crash_\d+$/.test(each))) {
    const path = join(gitDir, name);
    try {
      if (reportOfOurs.test(readFileSync(path, 'utf8'))) unlinkSync(path);
    } catch {
      // Another sweep took it.
    }
  }
}
