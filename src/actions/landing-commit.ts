import type { MergeRequest } from '../domain/merge-request.ts';
import { gitText } from '../git/run.ts';
import type { Rig } from '../town.ts';

/** How a request got into its target. */
export interface Landing {
  readonly commit: string;
  /** Whether the queue landed it; otherwise somebody merged the work by hand. */
  readonly byQueue: boolean;
}

/** The commit by which a request's head came into a branch; undefined when the branch does not contain it. */
export async function landingCommit({ repository }: Rig, { id, base, head }: MergeRequest, tip: string): Promise<Landing | undefined> {
  const format = '%H %P%x09%(trailers:key=Merge-Request,valueonly,separator=%x2C)';
  const log = await gitText(repository, ['log', '--first-parent', '--reverse', `--format=${format}`, tip, `^${base}`, '--']);
  let byHand: Landing | undefined;
  for (const line of log.split('\n')) {
    const [commits = '', requests = ''] = line.split('\t');
    const [commit = '', , ...merged] = commits.split(' ');
    if (merged.includes(head) && requests.split(',').includes(id)) return { commit, byQueue: true };
    if (byHand === undefined && (commit === head || merged.includes(head))) byHand = { commit, byQueue: false };
  }
  return byHand;
}

/** The other requests by which the queue has landed work for a request's bead, as a branch tells since the request's work began. */
export async function otherLandings({ repository }: Rig, { id, base, source }: MergeRequest, tip: string): Promise<string[]> {
  const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`;
  const log = await gitText(repository, ['log', '--first-parent', '--merges', `--format=${trailer('Merge-Request')}%x09${trailer('Bead')}`, tip, `^${base}`, '--']);
  const landed = log.split('\n').map((line) => line.split('\t'));
  return landed.flatMap(([request = '', bead = '']) => (bead.split(',').includes(source) && request !== id && request !== '' ? [request] : []));
}
