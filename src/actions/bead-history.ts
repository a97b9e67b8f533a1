import { UnknownBead } from '../domain/bead.ts';
import { differences } from '../domain/history.ts';
import { versionsOf } from '../ledger/history.ts';
import type { Town } from '../town.ts';
import { readings, resolveBead } from './resolve.ts';

/** One change of a bead: when, by whom, and what it did in words. */
export interface Episode {
  readonly commit: string;
  readonly at: string;
  readonly actor: string;
  readonly changes: readonly string[];
}

/** The life of a bead from the ledger's commits, oldest first; of a deleted one too, when it is named in full. Throws UnknownBead and AmbiguousId. */
export async function historyOf(town: Town, cwd: string, text: string): Promise<{ readonly id: string; readonly episodes: readonly Episode[] }> {
  for (const { id, ledger } of await readings(town, cwd, text)) {
    const versions = await versionsOf(ledger, id);
    if (versions.length > 0) return { id, episodes: versions.map(episode) };
  }
  const { id, ledger } = await resolveBead(town, text, cwd);
  const versions = await versionsOf(ledger, id);
  if (versions.length === 0) throw new UnknownBead(id);
  return { id, episodes: versions.map(episode) };
}

function episode({ commit, at, actor, subject, before, after }: Awaited<ReturnType<typeof versionsOf>>[number]): Episode {
  const changes = differences(before, after);
  return { commit, at, actor, changes: changes.length > 0 ? changes : [subject] };
}
