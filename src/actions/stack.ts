import { timeOf } from '../base/time.ts';
import type { MergeRequest } from '../domain/merge-request.ts';
import { refineryOf } from '../domain/merge-request.ts';
import type { Point, Stack } from '../domain/merge-queue.ts';
import { commitTree, mergeTree } from '../git/merging.ts';
import { readRef, updateRefs } from '../git/refs.ts';
import { push } from '../git/remotes.ts';
import { gitText } from '../git/run.ts';
import type { Rig, Town } from '../town.ts';
import { queueRefs, tryRef } from './queue-refs.ts';

/**
 * Builds the landing commit of a request on a commit: the three-way merge of its fixed base, that commit and its head, with no worktree touched. The same inputs give the same commit.
 * It is put where outside CI finds it, here and on the hub.
 */
export async function stackRequest(town: Town, rig: Rig, request: MergeRequest, onto: Point): Promise<Stack> {
  const merge = await mergeTree(rig.repository, { base: request.base, ours: onto.commit, theirs: request.head });
  if (merge.conflicts.length > 0) return { kind: 'conflict', paths: merge.conflicts, messages: merge.messages.join('\n') };
  const created = Math.floor((timeOf(request.created) ?? 0) / 1000);
  const before = Number(await gitText(rig.repository, ['show', '-s', '--format=%ct', onto.commit, '--']));
  const person = { email: town.owner.email, zone: '+0000' };
  const commit = await commitTree(rig.repository, {
    tree: merge.tree,
    parents: [onto.commit, request.head],
    message: messageOf(request),
    author: { ...person, name: request.worker, epochSeconds: created },
    // Never before its parent: git's walks through history count on that.
    committer: { ...person, name: refineryOf(rig.name), epochSeconds: Math.max(created, before) },
  });
  await publishStack(rig, request.target, commit);
  return { kind: 'built', commit, tree: merge.tree };
}

function messageOf({ id, title, source, worker, branch, target }: MergeRequest): string {
  const subject = title.startsWith('Merge: ') ? title.slice('Merge: '.length) : `${branch} into ${target}`;
  return `Merge ${subject.replace(/\s+/g, ' ')}\n\nMerge-Request: ${id}\n${source === '' ? '' : `Bead: ${source}\n`}Agent: ${worker}\n`;
}

async function publishStack(rig: Rig, target: string, commit: string): Promise<void> {
  const tried = (await queueRefs(rig)).filter((ref) => ref.kind === 'try' && ref.target === target);
  // Another clone may have been faster with the same number.
  const isTaken = (ref: string): boolean => tried.some((other) => other.remote && other.ref === ref && other.oid !== commit);
  const known = tried.find(({ ref, remote, oid }) => !remote && oid === commit && !isTaken(ref));
  const taken = new Set(tried.map(({ name }) => Number(name)));
  let number = 1;
  while (taken.has(number)) number += 1;
  const ref = known?.ref ?? tryRef(target, number);
  if ((await readRef(rig.repository, ref)) !== commit) await updateRefs(rig.repository, [{ ref, from: null, to: commit }]);
  if (rig.remote === undefined || tried.some((other) => other.remote && other.ref === ref && other.oid === commit)) return;
  await push(rig.repository, rig.remote, { updates: [{ ref, from: null, to: commit }] });
}
