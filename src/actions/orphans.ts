import { isDone } from '../domain/bead.ts';
import { messagesLike } from '../git/messages.ts';
import { discover } from '../git/repository.ts';
import { ledgersOf, type Town } from '../town.ts';
import { liveTown } from './bead-judging.ts';

/** A bead that is not done though a commit names it, by the field names that bd's readers expect. */
export interface Orphan {
  readonly issue_id: string;
  readonly title: string;
  readonly status: string;
  readonly latest_commit: string;
  /** The first line of its message. */
  readonly latest_commit_message: string;
}

/** The beads that are not done though a commit of the branch that is checked out names them, the ones named last first. */
export async function findOrphans(town: Town, cwd: string): Promise<Orphan[]> {
  const repository = discover(cwd);
  if (repository === undefined) return [];
  const prefixes = ledgersOf(town).flatMap((ledger) => ledger.prefixes).map((prefix) => prefix.replace(/[^A-Za-z0-9_-]/g, ''));
  const id = `(${prefixes.join('|')})-[A-Za-z0-9]+`;
  const [beads, messages] = [await liveTown(town), await messagesLike(repository, id)];
  const found = new Map<string, Orphan>();
  for (const { commit, message } of messages) {
    for (const [named] of message.matchAll(new RegExp(`(?<![\\w-])${id}([.+][A-Za-z0-9]+)*(?!\\w)`, 'g'))) {
      const bead = beads.get(named);
      if (bead === undefined || isDone(bead) || found.has(named)) continue;
      found.set(named, { issue_id: named, title: bead.title, status: bead.status, latest_commit: commit, latest_commit_message: message.split('\n')[0] ?? '' });
    }
  }
  return [...found.values()];
}
