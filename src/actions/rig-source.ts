import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Usage } from '../base/errors.ts';
import { configEntries } from '../git/config.ts';
import { discover, type Repository } from '../git/repository.ts';
import { listWorktrees } from '../git/worktrees.ts';

/** Where a rig comes from. */
export interface Source {
  /** What git clones from. */
  readonly url: string;
  /** The repository, where it lies on this machine. */
  readonly local: Repository | undefined;
}

const urlPattern = /^(https?|ssh|git|git\+ssh|file):\/\/[^\s]+$/i;
const scpPattern = /^([A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:[^\s-][^\s]*$/;

/** Reads what a person names as a rig's origin: a URL, or the path of a repository. Throws BadSource. */
export function readSource(cwd: string, text: string): Source {
  if (text.trim() === '' || /[\u0000-\u001f\u007f]/.test(text)) throw new BadSource(text);
  const path = text.startsWith('file://') ? fileURLToPath(text) : resolve(cwd, text);
  if (existsSync(path)) {
    const local = discover(path);
    const real = realpathSync(path);
    if (local === undefined || (local.worktree !== real && local.gitDir !== real)) throw new BadSource(text);
    return { url: real, local };
  }
  if (!text.startsWith('file://') && (urlPattern.test(text) || scpPattern.test(text))) return { url: text, local: undefined };
  throw new BadSource(text);
}

/** A URL without the secrets that it may carry: it is kept in the ledger for all to see. */
export function publicUrl(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}

/** Whether a repository on this machine lets the branch be moved by a push: not while it is checked out, unless it says so. */
export async function takesPushes(source: Repository, branch: string): Promise<boolean> {
  const held = (await listWorktrees(source)).some((worktree) => !worktree.bare && worktree.branch === `refs/heads/${branch}`);
  if (!held) return true;
  const rule = (await configEntries(source)).findLast(({ key }) => key === 'receive.denycurrentbranch')?.value.toLowerCase();
  return rule === 'updateinstead';
}

/** A text that names no repository. */
export class BadSource extends Usage {
  readonly code = 'rig.bad-source';
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 200))} is neither a URL nor the path of a git repository`, { source: text }, 'gt rig add <name> https://example.com/project.git');
  }
}
