import { readRef } from './refs.ts';
import type { Repository } from './repository.ts';
import { runGit } from './run.ts';

/** A commit and what was written about it. */
export interface CommitMessage {
  readonly commit: string;
  readonly message: string;
}

/** The commits of the branch that is checked out whose message an extended regular expression fits, newest first. */
export async function messagesLike(repository: Repository, pattern: string): Promise<CommitMessage[]> {
  if ((await readRef(repository, 'HEAD')) === undefined) return [];
  const { stdout } = await runGit(repository, ['log', '-z', '--format=%H%n%B', '--extended-regexp', `--grep=${pattern}`, 'HEAD', '--']);
  return stdout.toString('utf8').split('\0').filter((entry) => entry !== '').map((entry) => {
    const end = entry.indexOf('\n');
    return { commit: entry.slice(0, end), message: entry.slice(end + 1).trimEnd() };
  });
}
