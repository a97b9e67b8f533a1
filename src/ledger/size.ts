import { timestamp } from '../base/time.ts';
import { packSizes } from '../git/packs.ts';
import { listRefs } from '../git/refs.ts';
import { gitText, runGit } from '../git/run.ts';
import { headOf } from './history.ts';
import { readFormat } from './init.ts';
import type { Ledger } from './ledger.ts';
import { archives } from './past.ts';
import { consult } from './read.ts';
import { formatPath } from './shards.ts';

/** How large a ledger is, and how it grows. Sizes are in bytes. */
export interface Size {
  readonly commit: string;
  /** Beads by status, the deleted ones under `tombstone`. */
  readonly beads: Readonly<Record<string, number>>;
  readonly total: number;
  readonly shards: number;
  /** Of the texts of the newest commit. */
  readonly bytes: number;
  readonly commits: number;
  /** RFC 3339: when the history begins, and how often it was cut. */
  readonly since: string;
  readonly cut: number;
  readonly archives: readonly string[];
  /** What the ledger and its history take on this disk, and each commit of it. */
  readonly disk_bytes: number;
  readonly bytes_per_commit: number;
  /** Of the whole repository: packs, and objects that are in none. */
  readonly packs: number;
  readonly pack_bytes: number;
  readonly loose_objects: number;
  /** In the last 30 days. */
  readonly growth: { readonly commits: number; readonly bytes: number };
}

const month = 30 * 86_400_000;

/** Measures a ledger. Throws NoLedger. */
export async function measureLedger(ledger: Ledger): Promise<Size> {
  const { repository } = ledger;
  const commit = await headOf(ledger);
  const statuses = await consult(ledger, (view) => [...view.all()].map(({ status }) => status));
  const beads: Record<string, number> = {};
  for (const status of statuses.sort()) beads[status] = (beads[status] ?? 0) + 1;
  const { stdout } = await runGit(repository, ['ls-tree', '-r', '-l', '-z', commit, '--', 'beads', 'settings', formatPath]);
  const files = stdout.toString('utf8').split('\0').flatMap((entry) => {
    const [, size, path] = /^\d+ blob [0-9a-f]+ +(\d+)\t(.+)$/s.exec(entry) ?? [];
    return size === undefined || path === undefined ? [] : [{ path, size: Number(size) }];
  });
  const count = async (...range: readonly string[]): Promise<number> => Number(await gitText(repository, ['rev-list', '--count', ...range, '--']));
  const disk = async (...range: readonly string[]): Promise<number> => Number(await gitText(repository, ['rev-list', '--objects', '--disk-usage', ...range, '--'], { timeoutMs: 600_000 }));
  const before = await gitText(repository, ['rev-list', '-1', `--min-age=${Math.floor((ledger.now() - month) / 1000)}`, commit, '--']);
  const recent = before === '' ? [commit] : [commit, `^${before}`];
  const [commits, diskBytes, roots, newCommits, newBytes] = await Promise.all([count(commit), disk(commit), gitText(repository, ['log', '--max-parents=0', '--format=%ct', commit, '--']), count(...recent), disk(...recent)]);
  const packs = packSizes(repository);
  return {
    commit, beads, total: statuses.length, shards: files.filter(({ path }) => path.startsWith('beads/')).length, bytes: files.reduce((sum, { size }) => sum + size, 0),
    commits, since: timestamp(Math.min(...roots.split('\n').map(Number)) * 1000), cut: (await readFormat(ledger))?.cut ?? 0, archives: (await listRefs(repository, `${archives}/`)).map(({ ref }) => ref),
    disk_bytes: diskBytes, bytes_per_commit: Math.round(diskBytes / commits), packs: packs.length, pack_bytes: packs.reduce((sum, size) => sum + size, 0),
    loose_objects: Number((await gitText(repository, ['count-objects'])).split(' ')[0]), growth: { commits: newCommits, bytes: newBytes },
  };
}
