import { Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { find, type Act } from '../domain/bead.ts';
import { edit } from '../domain/content.ts';
import { release } from '../domain/hook.ts';
import { requestNamed, requestOf } from '../domain/merge-request.ts';
import { isSubmitted } from '../domain/submission.ts';
import { appendEvent } from '../ledger/events.ts';
import { consult } from '../ledger/read.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { ledgerOf, rigOfBead, type Town } from '../town.ts';
import { takeOut } from './reject.ts';
import { readSession } from './session-record.ts';
import { stopSession } from './session.ts';
import { freeWorktree } from './worker.ts';

/** Takes a bead off its hook or out of the queue: its session is ended, its worktree is kept. Throws Submitted, and what `takeOut` throws. */
export async function unsling(town: Town, who: Signature, id: string, force: boolean): Promise<{ readonly bead: string; readonly agent: string | undefined }> {
  const ledger = ledgerOf(town, id);
  const { before, request } = await consult(ledger, (view) => {
    const bead = find(view, id);
    return { before: bead, request: isSubmitted(bead) ? view.get(requestNamed(bead) ?? '') : undefined };
  });
  const rig = rigOfBead(town, id) ?? town.rigs[0];
  const agent = before.status === 'hooked' ? before.assignee : undefined;
  if (isSubmitted(before) && !force) throw new Submitted(id);
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const takeOff = (): Promise<unknown> => transact(ledger, who, `Take ${id} off the hook`, (view) => [
    ...(find(view, id).metadata?.['queued'] === undefined ? [] : edit(view, id, { metadata: { queued: null, start_by: null } }, act)),
    ...release(view, id, act),
  ]);
  if (rig === undefined || request === undefined) await takeOff();
  else await takeOut(town, rig, requestOf(request), takeOff);
  const session = rig === undefined || agent === undefined ? undefined : readSession(rig, agent);
  if (rig !== undefined && session !== undefined && session.bead === id) await stopSession(town, rig, session, `${id} was taken off the hook`);
  if (rig !== undefined && agent !== undefined) freeWorktree(rig, agent, id);
  if (agent !== undefined) appendEvent(town.hq, { kind: 'work.unslung', agent, subject: id, data: { by: who.actor } });
  return { bead: id, agent };
}

/** The work was submitted already; it is the refinery's. */
export class Submitted extends Refused {
  readonly code = 'bead.submitted';
  constructor(id: string) {
    super(`${id} is submitted and waits to land`, { id }, `gt mq list, or gt unsling ${id} --force`);
  }
}
