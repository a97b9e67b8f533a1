import { Failure, Refused, Usage } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { isName, parseAddress, type Address } from '../domain/address.ts';
import { find, isDone, type Act } from '../domain/bead.ts';
import { edit } from '../domain/content.ts';
import { claim } from '../domain/hook.ts';
import { appendEvent } from '../ledger/events.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { runtimeNamed } from '../sessions/runtimes.ts';
import { rigNamed, rigOfBead, type Rig, type Town } from '../town.ts';
import { convoyId, convoyTracking, createConvoy, workTitle } from './convoy.ts';
import { dispatch, type SlingOptions, type Slung } from './dispatch.ts';
import { poke } from './poke.ts';
import { setting } from './settings.ts';
import { mayRunBead } from './trust.ts';

/**
 * Hands a bead to a worker of a rig (or to any agent by address): picks the worker, makes its worktree and branch, hangs the bead on its hook in one transaction, and only then starts the session.
 * Where `scheduler.max_polecats` rations places, the bead waits for one. A failure leaves nothing, or what the next sling or patrol completes. Slung twice to the same place, it is slung once.
 */
export async function sling(town: Town, who: Signature, id: string, target: string | undefined, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  const rigOf = rigOfBead(town, id);
  const to = targetOf(town, rigOf, id, target);
  const rig = rigNamed(town, 'rig' in to ? to.rig : (rigOf?.name ?? ''));
  if (rigOf === undefined && town.kind === 'town') throw new WrongRig(id, rig);
  if (rigOf !== undefined && rigOf.name !== rig.name) throw new WrongRig(id, rig);
  if (options.runtime !== undefined) runtimeNamed(options.runtime);
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const tracking = options.convoy ? (convoy ?? (await convoyTracking(town, id)) ?? convoyId([id], act.at)) : undefined;
  if (to.role === 'pool' && !options.now && (await places(town, rig)) !== undefined) return enqueue(town, rig, who, id, options, tracking);
  return dispatch(town, rig, who, id, to.role === 'pool' ? undefined : to, options, tracking);
}

/** How many workers may have work at once (`scheduler.max_polecats`); undefined where sling starts sessions itself. */
export async function places(town: Town, rig: Rig): Promise<number | undefined> {
  const value = await setting(town, rig, 'scheduler.max_polecats');
  return typeof value === 'number' && value > 0 ? value : undefined;
}

type Target = Address | { readonly role: 'pool'; readonly rig: string };

function targetOf(town: Town, rigOf: Rig | undefined, id: string, target: string | undefined): Target {
  if (target === undefined) {
    const rig = rigOf ?? (town.rigs.length === 1 ? town.rigs[0] : undefined);
    if (rig === undefined) throw new WhereTo(id);
    return { role: 'pool', rig: rig.name };
  }
  if (town.rigs.some((rig) => rig.name === target)) return { role: 'pool', rig: target };
  const [rig = '', name = '', ...rest] = target.split('/');
  if (rest.length === 0 && town.rigs.some((known) => known.name === rig) && isName(name)) return { role: 'polecat', rig, name };
  if (!target.includes('/') && isName(target)) rigNamed(town, target);
  const address = parseAddress(target);
  if ('rig' in address) rigNamed(town, address.rig);
  return address;
}

async function enqueue(town: Town, rig: Rig, who: Signature, id: string, options: SlingOptions, convoy: string | undefined): Promise<Slung> {
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  const queued = { rig: rig.name, at: act.at, ...(options.runtime === undefined ? {} : { runtime: options.runtime }) };
  const { commit, written } = await transact(rig.ledger, who, `Queue ${id} for ${rig.name}`, (view) => {
    const bead = find(view, id);
    if (bead.status === 'hooked' || bead.metadata?.['queued'] !== undefined) return [];
    if (isDone(bead) || bead.status !== 'open') return claim(view, id, act);
    return edit(view, id, { metadata: { queued, start_by: options.start ? null : 'hand', ...(convoy === undefined ? {} : { convoy }) } }, act);
  });
  if (commit === undefined) return { bead: id, outcome: 'unchanged' };
  if (convoy !== undefined) await createConvoy(town, who, convoy, workTitle(written.get(id)?.bead.title ?? id), [id]);
  appendEvent(town.hq, { kind: 'work.queued', agent: who.actor, subject: id });
  poke(town, options.env);
  const stored = written.get(id);
  const held = stored === undefined || !options.start ? undefined : await mayRunBead(rig.ledger, stored, options.confirm);
  return { bead: id, outcome: 'waiting', ...(convoy === undefined ? {} : { convoy }), ...(held === undefined ? {} : { held: held.sentence }) };
}

/** The bead's code lives in another rig, or in none. */
export class WrongRig extends Refused {
  readonly code = 'sling.wrong-rig';
  constructor(id: string, rig: Rig) {
    super(`${id} does not belong to ${rig.name}, whose beads begin with ${rig.prefix}-`, { id, rig: rig.name, prefix: rig.prefix }, `gt bead create --help (file it with --rig ${rig.name}), then sling that`);
  }
}

/** There are several rigs, and the bead names none. */
export class WhereTo extends Usage {
  readonly code = 'sling.where';
  constructor(id: string) {
    super(`${id} belongs to no rig by its prefix, so say where it should be worked on`, { id }, `gt sling ${id} <rig>`);
  }
}

/** What became of a batch. */
export interface SlungBatch {
  readonly slung: readonly Slung[];
  readonly failed: readonly { readonly bead: string; readonly code: string; readonly message: string; readonly hint: string | undefined }[];
}

/** Slings several beads, tracked by one convoy (a single one stays with the convoy that tracks it); one that is refused holds up no other. A single one that is refused throws. */
export async function slingAll(town: Town, who: Signature, ids: readonly string[], target: string | undefined, options: SlingOptions, progress: (line: string) => void): Promise<SlungBatch> {
  const convoy = options.convoy && ids.length > 1 ? convoyId(ids, timestamp(town.now())) : undefined;
  const slung: Slung[] = [];
  const failed: SlungBatch['failed'][number][] = [];
  for (const id of ids) {
    if (ids.length > 1) progress(`slinging ${id} (${slung.length + failed.length + 1} of ${ids.length})`);
    try {
      slung.push(await sling(town, who, id, target, options, convoy));
    } catch (error) {
      if (!(error instanceof Failure) || ids.length === 1) throw error;
      failed.push({ bead: id, code: error.code, message: error.message, hint: error.hint });
    }
  }
  return { slung, failed };
}
