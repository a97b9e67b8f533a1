import { join } from 'node:path';
import { freeLocks } from './locks.ts';
import type { Repository } from './repository.ts';
import { GitFailed, gitText, runGit } from './run.ts';

/** One value of git's configuration, and how far it reaches. */
export interface ConfigEntry {
  readonly scope: 'system' | 'global' | 'local' | 'worktree';
  /** Section and name in lower case, as git prints them. */
  readonly key: string;
  readonly value: string;
}

/** Every value that configuration files set for a repository, or for the person where it is undefined; weakest first, so the last of a key counts. */
export async function configEntries(repository: Repository | undefined): Promise<ConfigEntry[]> {
  const { stdout } = await runGit(repository ?? '/', ['config', '--list', '--show-scope', '-z']);
  const fields = stdout.toString('utf8').split('\0');
  const found: ConfigEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const scope = fields[index]!;
    const entry = fields[index + 1]!;
    if (scope !== 'system' && scope !== 'global' && scope !== 'local' && scope !== 'worktree') continue;
    const end = entry.indexOf('\n');
    found.push({ scope, key: end === -1 ? entry : entry.slice(0, end), value: end === -1 ? 'true' : entry.slice(end + 1) });
  }
  return found;
}

/** Sets a key of a repository's own configuration, or of the person's where it is undefined; removes it where the value is undefined. */
export async function setConfig(repository: Repository | undefined, key: string, value: string | undefined): Promise<void> {
  const scope = repository === undefined ? '--global' : '--local';
  const args = ['config', scope, ...(value === undefined ? ['--unset-all', key] : ['--replace-all', key, value])];
  for (let attempt = 1; ; attempt += 1) {
    // 5: there was nothing to remove.
    const { code, stderr } = await runGit(repository ?? '/', args, { accept: [0, 1, 3, 4, 5, 128, 255] });
    if (code === 0 || (code === 5 && value === undefined)) return;
    if (attempt === 10) throw new GitFailed(args, code, stderr);
    if (repository !== undefined) await freeLocks(repository, [join(repository.commonDir, 'config.lock')]);
    await new Promise((resume) => setTimeout(resume, attempt * (1 + (performance.now() % 5))));
  }
}

/** Who git says the person is; empty texts where it does not know. */
export async function configuredPerson(repository: Repository | undefined): Promise<{ name: string; email: string }> {
  const [name, email] = await Promise.all(['user.name', 'user.email'].map((key) => gitText(repository ?? '/', ['config', '--get', key], { accept: [0, 1] })));
  return { name: name ?? '', email: email ?? '' };
}

/** Puts another value in the place of one of a repository's own key, which may have several. */
export async function replaceConfig(repository: Repository, key: string, value: string, other: string): Promise<void> {
  await runGit(repository, ['config', '--local', '--fixed-value', '--replace-all', key, other, value]);
}
