import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
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
  const { runGit } = await import('./run.ts');
  const args = ['repack', '--geometric=2', '-d', '-l', '-q', ...large.map((name) => `--keep-pack=${name}`)];
  // Another's upkeep at the same moment takes packs away from ours: then it has done what was wanted.
  const { code } = await runGit(repository, args, { config: { 'repack.writeBitmaps': 'false', 'pack.threads': '1' }, accept: [0, 1, 128], timeoutMs: 600_000 });
  return code === 0;
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
