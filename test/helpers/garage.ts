import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { indexed, type Act, type Bead, type Beads } from '../../src/domain/bead.ts';

/** Where the beads of the theme are kept: the war rig comes back on the road. */
export const garageFile = join(import.meta.dirname, '../../fixtures/beads.jsonl');

/** The beads of fixtures/beads.jsonl, with some of their fields replaced. */
export function garage(changes: Readonly<Record<string, Partial<Bead>>> = {}): Beads {
  const lines = readFileSync(garageFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Bead);
  return indexed(new Map(lines.map((bead) => [bead.id, { ...bead, ...changes[bead.id] }])));
}

export const nux: Act = { by: 'nux', at: '2026-05-01T08:00:00Z' };
export const slit: Act = { by: 'slit', at: '2026-05-01T09:00:00Z' };

/** A bead that says little else than its title. */
export function bead(id: string, fields: Partial<Bead> = {}): Bead {
  return { id, title: `Mend ${id}`, status: 'open', priority: 2, issue_type: 'task', created_at: '2026-03-01T08:00:00Z', updated_at: '2026-03-01T08:00:00Z', ...fields };
}

/** Expects a refusal by its stable code. */
export function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Error && 'code' in error && error.code === code;
}

const ids = ['gt-a', 'gt-b', 'gt-c', 'gt-a.1', 'gt-a.2'];
const anyId = fc.constantFrom(...ids);
const anyAt = fc.integer({ min: 0, max: 3 }).map((hour) => `2026-05-01T0${hour}:00:00Z`);
const anyEdge = fc.record({ depends_on_id: anyId, type: fc.constantFrom('blocks', 'parent-child', 'waits-for', 'related', 'conditional-blocks') });

/** Any small ledger: five beads with whatever edges, statuses and flags between them. */
export const anyBeads = fc
  .array(fc.record({ status: fc.constantFrom('open', 'in_progress', 'hooked', 'closed', 'deferred', 'pinned', 'tombstone'), priority: fc.nat(4), type: fc.constantFrom('task', 'epic', 'message'), edges: fc.array(anyEdge, { maxLength: 3 }), defer: fc.option(anyAt, { nil: undefined }), assignee: fc.option(fc.constantFrom('nux', 'slit'), { nil: undefined }), pinned: fc.boolean() }), { minLength: ids.length, maxLength: ids.length })
  .map((drawn) => drawn.map(({ status, priority, type, edges, defer, assignee, pinned }, index): Bead => {
    const id = ids[index] ?? '';
    const dependencies = [...new Map(edges.map((edge) => [edge.depends_on_id, edge])).values()].filter((edge) => edge.depends_on_id !== id).map((edge) => ({ issue_id: id, created_at: '2026-03-01T08:00:00Z', created_by: 'ace', ...edge }));
    return bead(id, { status, priority, issue_type: type, ...(dependencies.length > 0 ? { dependencies } : {}), ...(defer === undefined ? {} : { defer_until: defer }), ...(assignee === undefined ? {} : { assignee }), ...(pinned ? { pinned } : {}), ...(status === 'closed' ? { closed_at: '2026-04-01T08:00:00Z' } : {}) });
  }))
  .map((beads) => indexed(new Map(beads.map((each) => [each.id, each]))));

export { anyId, ids };
