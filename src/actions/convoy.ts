import { hashText, prefixOf } from '../base/ids.ts';
import { timestamp } from '../base/time.ts';
import { find, type Act, type Bead, type BeadChange, type Beads } from '../domain/bead.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { ledgersOf, signatureOf, type Town } from '../town.ts';

/** How far a convoy has come. */
export interface ConvoyProgress {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly created_at: string;
  readonly tracked: readonly { readonly id: string; readonly title: string; readonly status: string; readonly assignee?: string }[];
  readonly closed: number;
}

/** The id of the convoy that a sling makes by itself: the same for the same beads at the same moment. */
export function convoyId(beads: readonly string[], at: string): string {
  return `hq-cv-${hashText(`${beads.join(' ')}|${at}`, 5)}`;
}

/** What that convoy is called. */
export function workTitle(of: string): string {
  return `Work: ${of}`.slice(0, 480);
}

/** The open convoy that tracks a bead already; undefined where none does. */
export async function convoyTracking(town: Town, bead: string): Promise<string | undefined> {
  const beads = await liveBeads(town.hq);
  return [...beads.all()].find(({ issue_type, status, dependencies }) => issue_type === 'convoy' && status === 'open' && dependencies?.some((edge) => edge.type === 'tracks' && edge.depends_on_id === bead))?.id;
}

/** Files a convoy that tracks these beads; one that is there already takes in what it does not track yet. */
function fileConvoy(beads: Beads, id: string, title: string, tracked: readonly string[], act: Act): BeadChange[] {
  const known = beads.get(id);
  const bead: Bead = { id, title, status: 'open', priority: 2, issue_type: 'convoy', labels: ['gt:convoy'], created_at: act.at, updated_at: act.at, created_by: act.by };
  const missing = tracked.filter((on) => !known?.dependencies?.some((edge) => edge.depends_on_id === on));
  return [
    ...(known === undefined ? [{ op: 'bead.created', id, bead } as const] : []),
    ...missing.map((on): BeadChange => ({ op: 'dependency.added', id, dependency: { issue_id: id, depends_on_id: on, type: 'tracks', created_at: act.at, created_by: act.by } })),
  ];
}

/** Creates a convoy over beads of any ledger of the town. */
export async function createConvoy(town: Town, who: Signature, id: string, title: string, tracked: readonly string[]): Promise<void> {
  const act: Act = { by: who.actor, at: timestamp(town.now()) };
  await transact(town.hq, who, `Track ${tracked.length === 1 ? tracked[0] : `${tracked.length} beads`} with ${id}`, (view) => fileConvoy(view, id, title, tracked, act));
}

/** The convoys of the town, open ones only unless `all`. */
export async function listConvoys(town: Town, all: boolean): Promise<ConvoyProgress[]> {
  const beads = all ? await consult(town.hq, (view) => [...view.all()]) : [...(await liveBeads(town.hq)).all()];
  const convoys = beads.filter((bead) => bead.issue_type === 'convoy' && bead.status !== 'tombstone' && (all || bead.status !== 'closed'));
  return Promise.all(convoys.map((bead) => progressOf(town, bead)));
}

/** How far one convoy has come. */
async function progressOf(town: Town, convoy: Bead): Promise<ConvoyProgress> {
  const ids = (convoy.dependencies ?? []).filter((edge) => edge.type === 'tracks').map((edge) => edge.depends_on_id);
  const tracked = await Promise.all(ids.map((id) => trackedBead(town, id)));
  return { id: convoy.id, title: convoy.title, status: convoy.status, created_at: convoy.created_at, tracked, closed: tracked.filter(({ status }) => status === 'closed' || status === 'tombstone').length };
}

async function trackedBead(town: Town, id: string): Promise<ConvoyProgress['tracked'][number]> {
  const ledger = ledgersOf(town).find(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
  if (ledger === undefined) return { id, title: '', status: 'missing' };
  const bead = await consult(ledger, (view) => view.get(id));
  if (bead === undefined) return { id, title: '', status: 'missing' };
  return { id, title: bead.title, status: bead.status, ...(bead.assignee === undefined ? {} : { assignee: bead.assignee }) };
}

/** Closes the convoys all of whose beads are closed. Returns their ids. */
export async function closeFinishedConvoys(town: Town, actor: string): Promise<string[]> {
  const finished = (await listConvoys(town, false)).filter(({ tracked, closed }) => tracked.length > 0 && closed === tracked.length);
  const at = timestamp(town.now());
  for (const { id } of finished) {
    await transact(town.hq, signatureOf(town, actor), `Close ${id}: everything that it tracks is done`, (view) => (view.get(id)?.status === 'open' ? [{ op: 'bead.closed', id, at, reason: 'everything that it tracks is done' }] : []));
  }
  return finished.map(({ id }) => id);
}

/** One convoy by its id. Throws UnknownBead. */
export async function convoyStatus(town: Town, id: string): Promise<ConvoyProgress> {
  return progressOf(town, await consult(town.hq, (view) => find(view, id)));
}
