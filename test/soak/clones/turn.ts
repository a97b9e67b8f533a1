import { Failure } from '../../../src/base/errors.ts';
import { timestamp } from '../../../src/base/time.ts';
import { readArrivals } from '../../../src/actions/arrivals.ts';
import { syncOne } from '../../../src/actions/sync.ts';
import { deedOf } from '../../../src/actions/deed.ts';
import { undoDeed } from '../../../src/actions/undo.ts';
import type { Act, Bead, BeadChange, Beads } from '../../../src/domain/bead.ts';
import { close, remove, reopen } from '../../../src/domain/closing.ts';
import { addLabel, comment, create, edit, nextChildId, recordAttempt, removeLabel } from '../../../src/domain/content.ts';
import { depend, undepend } from '../../../src/domain/dependency.ts';
import { claim, hook, release } from '../../../src/domain/hook.ts';
import { rename } from '../../../src/domain/renaming.ts';
import { setSetting } from '../../../src/domain/setting.ts';
import { initLedger } from '../../../src/ledger/init.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { carry, type Hub } from '../../../src/ledger/sharing.ts';
import type { View } from '../../../src/ledger/shards.ts';
import { lineOf } from '../../../src/ledger/stored.ts';
import { transact, type LedgerChange, type Signature } from '../../../src/ledger/transact.ts';
import { trim } from '../../../src/ledger/trim.ts';
import type { Fault } from './steps.ts';

export const hub: Hub = { remote: 'origin', namespace: 'beads' };

/** The settings file that is written to. */
export const settingsName = 'soak';

/** What one process does in one clone. */
export interface Turn {
  readonly number: number;
  readonly clone: number;
  /** Milliseconds since 1970, by the clock of that clone's machine. */
  readonly now: number;
  readonly online: boolean;
  readonly fault?: Fault;
  readonly deed: Deed;
}

export type Deed =
  | { readonly verb: 'begin' }
  | { readonly verb: 'sync' }
  | { readonly verb: 'carry' }
  | { readonly verb: 'trim'; readonly before: number }
  | { readonly verb: 'import'; readonly text: string }
  | { readonly verb: 'undo'; readonly commit: string }
  | { readonly verb: Write; readonly id: string; readonly other: string; readonly agent: string; readonly value: number };

export const writes = [
  'create', 'create', 'child', 'child', 'title', 'title', 'title', 'priority', 'priority', 'notes', 'field', 'metadata', 'request', 'label', 'label', 'unlabel', 'unlabel', 'depend', 'depend', 'undepend', 'undepend',
  'comment', 'attempt', 'claim', 'hook', 'release', 'status', 'close', 'close', 'reopen', 'reopen', 'remove', 'assign', 'unblocked close', 'several', 'rename', 'setting',
] as const;
export type Write = (typeof writes)[number];

/** How a turn ended that nobody killed. */
export interface Outcome {
  /** The commit of a write that was acknowledged, null where there was nothing to do. */
  readonly commit?: string | null;
  /** The records that a write says it has written, by id. */
  readonly written: readonly (readonly [id: string, line: string])[];
  /** Why it did not happen. */
  readonly failure?: string;
}

/** Takes a turn with the ledger as any command would. */
export async function perform({ number, deed }: Turn, ledger: Ledger): Promise<Outcome> {
  const who = { actor: 'ace', email: 'ace@citadel.example' };
  try {
    if (deed.verb === 'begin') await initLedger(ledger, who);
    else if (deed.verb === 'sync') await syncOne({ name: 'shop', rig: undefined, ledger, hub }, who, 60_000);
    else if (deed.verb === 'carry') await carry(ledger, hub, 8_000, () => undefined);
    else if (deed.verb === 'trim') await trim(ledger, who, deed.before, false);
    else if (deed.verb === 'undo') return { commit: (await undoDeed(await deedOf(ledger, deed.commit), [], who, { by: 'ace', at: timestamp(ledger.now()) }, false)).commit, written: [] };
    else return await write(deed, number, ledger, who);
    return { written: [] };
  } catch (error) {
    if (error instanceof Failure) return { written: [], failure: String((error as { code?: unknown }).code) };
    throw error;
  }
}

async function write(deed: Extract<Deed, { verb: Write | 'import' }>, number: number, ledger: Ledger, who: Signature): Promise<Outcome> {
  const act: Act = { by: 'ace', at: timestamp(ledger.now()) };
  const { commit, written } = await transact(ledger, who, deed.verb, deed.verb === 'import' ? (view) => arrivals(deed.text, view, act) : (view) => decide(deed, number, view, act));
  return { commit: commit ?? null, written: [...written].map(([id, stored]) => [id, lineOf(stored)]) };
}

function arrivals(text: string, view: View, act: Act): LedgerChange[] {
  const plan = readArrivals(text, 'jsonl', ['gt'], () => undefined).plan(view, { prefixes: ['gt'], name: 'beads.jsonl', dedup: false, strangers: new Set(), act });
  return plan.arrivals.flatMap(({ changes }) => changes);
}

function decide({ verb, id, other, agent, value }: Extract<Deed, { id: string }>, number: number, beads: View, act: Act): LedgerChange[] {
  switch (verb) {
    case 'create': return create(beads, id, { title: `Made in ${number}`, labels: ['l0'], x: value }, act);
    case 'child': return child(beads, id, number, act);
    case 'title': return edit(beads, id, { title: `Title ${number}` }, act);
    case 'priority': return edit(beads, id, { priority: value % 5 }, act);
    case 'notes': return edit(beads, id, { notes: value % 3 === 0 ? null : `Notes ${number}` }, act);
    case 'field': return edit(beads, id, { x: { value } }, act);
    case 'metadata': return edit(beads, id, { metadata: { m: value % 3 === 0 ? null : value } }, act);
    case 'request': return edit(beads, id, { metadata: { request: other } }, act);
    case 'label': return addLabel(beads, id, `l${value % 4}`, act);
    case 'unlabel': return removeLabel(beads, id, `l${value % 4}`, act);
    case 'depend': return depend(beads, id, other, ['blocks', 'related', 'tracks'][value % 3] ?? '', act);
    case 'undepend': return undepend(beads, id, edgeOf(beads.get(id), value), act);
    case 'comment': return comment(beads, id, `c${number}`, `Says ${number}`, act);
    case 'attempt': return recordAttempt(beads, id, { id: `t${value % 6}`, agent, outcome: `in ${number}`, evidence: '', at: act.at });
    case 'claim': return claim(beads, id, { ...act, by: agent });
    case 'hook': return hook(beads, id, agent, act);
    case 'release': return release(beads, id, act);
    case 'status': return edit(beads, id, { status: ['open', 'deferred', 'in_progress'][value % 3], assignee: value % 2 === 0 ? agent : null }, act);
    case 'assign': return edit(beads, id, { assignee: value % 4 === 0 ? null : agent }, act);
    case 'close': return close(beads, id, { reason: `Reason ${number}`, force: true }, act);
    case 'unblocked close': return close(beads, id, { reason: `Reason ${number}` }, act);
    case 'reopen': return reopen(beads, id, act);
    case 'remove': return remove(beads, id, { reason: 'off', force: value % 2 === 0 }, act);
    case 'rename': return rename(beads, id, value % 4 === 0 ? other : `gt-r${value % 25}`).map((move) => ({ op: 'bead.moved', ...move }));
    case 'setting': return setSetting(beads.settings(settingsName), settingsName, ['a', 'b', 'c.d', 'c.e'][number % 4] ?? '', value % 4 === 0 ? undefined : value);
    case 'several': return [...edit(beads, id, { title: `Both ${number}` }, act), ...(other === id ? [] : comment(beads, other, `c${number}`, `Both ${number}`, act))];
  }
}

/** What `gt create --parent` writes. */
function child(beads: Beads, parent: string, number: number, act: Act): BeadChange[] {
  const id = nextChildId(beads, parent);
  return [...create(beads, id, { title: `Child in ${number}` }, act), { op: 'dependency.added', id, dependency: { issue_id: id, depends_on_id: parent, type: 'parent-child', created_at: act.at, created_by: act.by } }];
}

function edgeOf(bead: Bead | undefined, value: number): string {
  const edges = bead?.dependencies ?? [];
  return edges[value % edges.length]?.depends_on_id ?? '';
}
