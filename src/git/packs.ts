import { readdirSync, readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './repository.ts';

/** A pack below this size, in bytes, is one of many transactions; a larger one is left to the repository's own upkeep. */
const small = 4 << 20;
const bearable = 24;

/** Joins the packs of single transactions once there are many; nothing that is reachable or not is dropped. Answers whether it did. */
export async function consolidate(repository: Repository): Promise<boolean> {
  const folder = join(repository.commonDir, 'objects', 'pack');
  const packs = readdirSync(folder).filter((name) => name.endsWith('.pack'));
  if (packs.length < bearable) return false;
  const large = packs.filter((name) => (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) >= small);
  if (packs.length - large.length < bearable) return false;
  sweepReports(repository);
  await sweepPacks(repository);
  const { runGit } = await import('./run.ts');
  const args = ['repack', '--geometric=2', '-d', '-l', '-q', ...large.map((name) => `--keep-pack=${name}`)];
  // Another's upkeep at the same moment takes packs away from ours: then it has done what was wanted.
  const { code } = await runGit(repository, args, { config: { 'repack.writeBitmaps': 'false', 'pack.threads': '1' }, accept: [0, 1, 128], timeoutMs: 600_000 });
  return code === 0;
}

/** Takes away the half-written packs that writers left when they were killed, or when the disk was full: those of our own that no process has open. Where processes cannot be looked at, they stay. */
export async function sweepPacks({ commonDir }: Repository): Promise<void> {
  const folder = join(commonDir, 'objects', 'pack');
  const left = unopened(namesIn(folder).filter((name) => /^tmp_(pack|idx)_/.test(name)).map((name) => join(folder, name)));
  if (left.length === 0) return;
  // A pack that is complete is closed just before it gets its name.
  await new Promise((resume) => setTimeout(resume, 100));
  for (const path of unopened(left)) {
    try {
      if (statSync(path).uid === process.getuid?.()) unlinkSync(path);
    } catch {
      // It has its name by now, or another sweep took it.
    }
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

/** Takes away what fast-import wrote about writers of ours that were killed: it tells nothing that the ref does not. */
function sweepReports({ gitDir }: Repository): void {
  for (const name of readdirSync(gitDir).filter((each) => /^fast_import_crash_\d+$/.test(each))) {
    const path = join(gitDir, name);
    try {
      if (/ refs\/(beads|wisps|town|gastown)\//.test(readFileSync(path, 'utf8'))) unlinkSync(path);
    } catch {
      // Another sweep took it.
    }
  }
}
