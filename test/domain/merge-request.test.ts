import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, type Bead, type BeadChange, type Beads } from '../../src/domain/bead.ts';
import { close } from '../../src/domain/closing.ts';
import { release } from '../../src/domain/hook.ts';
import { claimLost, land, latestRequest, reject, requestId, requestOf, submit, type Standing, type Submission } from '../../src/domain/merge-request.ts';

const act = { by: 'citadel/refinery', at: '2026-01-01T00:00:00Z' };
const nux = 'citadel/polecats/nux';
const ask: Submission = { target: 'main', branch: 'polecat/nux/ci-guard', head: 'a'.repeat(40), base: 'b'.repeat(40), after: '', source: 'ci-guard', token: 't1', worker: nux, priority: 2 };
const standing: Standing = { prefix: 'ci', rig: 'citadel', older: [], token: 't1', retry: false };

function view(...list: Bead[]): Beads & { apply(changes: readonly BeadChange[]): void } {
  const beads = new Map(list.map((bead) => [bead.id, bead]));
  return {
    get: (id) => beads.get(id),
    family: () => [],
    all: () => beads.values(),
    referrers: (id) => [...beads.values()].filter((bead) => bead.dependencies?.some((edge) => edge.depends_on_id === id)),
    apply(changes) {
      for (const change of changes) {
        const next = evolve(beads.get(change.id), change);
        if (next !== undefined) beads.set(change.id, next);
      }
    },
  };
}

function guard(more: Partial<Bead> = {}): Bead {
  return { id: 'ci-guard', title: 'Guard the gate', status: 'hooked', assignee: nux, priority: 1, issue_type: 'task', created_at: act.at, updated_at: act.at, ...more };
}

function code(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing thrown';
}

const submitting = suite('submit');

submitting('files the request and hangs its bead on the refinery\'s hook for it', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  const id = requestId('ci', ask);
  assert.equal([beads.get('ci-guard')?.assignee, beads.get('ci-guard')?.metadata?.['request']], ['citadel/refinery', id]);
  assert.equal(requestOf(beads.get(id) as Bead).outcome, undefined);
  assert.equal(submit(beads, ask, standing, act), [], 'the same again changes nothing');
});

submitting('refuses a bead that somebody else has, or that is finished', () => {
  assert.is(code(() => submit(view(guard({ assignee: 'citadel/polecats/slit' })), ask, standing, act)), 'bead.not-on-hook');
  assert.is(code(() => submit(view(guard({ status: 'closed' })), ask, standing, act)), 'request.source-ended');
  assert.is(code(() => submit(view(guard()), ask, { ...standing, token: 't2' }, act)), 'claim.lost');
  assert.is(code(() => submit(view(guard({ status: 'open' })), ask, standing, act)), 'claim.lost');
});

submitting('gives a new id to every attempt, so that none ends twice', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  beads.apply(close(beads, requestId('ci', ask), { reason: 'not yet' }, act));
  beads.apply(release(beads, 'ci-guard', act));
  assert.equal([requestOf(beads.get(requestId('ci', ask)) as Bead).outcome, beads.get('ci-guard')?.status], ['withdrawn', 'open']);
  beads.apply(submit(beads, { ...ask, token: '' }, standing, act));
  const latest = latestRequest(beads, 'ci', ask);
  assert.equal([latest?.attempt, latest?.request.outcome, latest?.request.id === requestId('ci', ask)], [1, undefined, false]);
});

submitting.run();

const landing = suite('land');

landing('closes the request, its bead, and what that was rework of', () => {
  const rework = guard({ id: 'ci-rw-1', metadata: { rework_of: 'ci-guard' } });
  const beads = view(guard({ status: 'open', dependencies: [{ issue_id: 'ci-guard', depends_on_id: 'ci-rw-1', type: 'blocks', created_at: act.at, created_by: 'x' }] }), rework);
  const again = { ...ask, source: 'ci-rw-1' };
  beads.apply(submit(beads, again, standing, act));
  const id = requestId('ci', again);
  beads.apply(land(beads, id, { commit: 'c'.repeat(40), byQueue: true }, 'citadel', act));
  assert.equal(['ci-rw-1', 'ci-guard', id].map((each) => beads.get(each)?.status), ['closed', 'closed', 'closed']);
  assert.is(beads.get('ci-guard')?.close_reason, `Merged in ${id}`);
  assert.equal(land(beads, id, { commit: 'c'.repeat(40), byQueue: true }, 'citadel', act), []);
});

landing('leaves the bead to whoever has it now, where a person merged the work', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  beads.apply([{ op: 'bead.hooked', id: 'ci-guard', at: act.at, to: 'citadel/polecats/slit' }]);
  beads.apply(land(beads, requestId('ci', ask), { commit: 'c'.repeat(40), byQueue: false }, 'citadel', act));
  assert.is(requestOf(beads.get(requestId('ci', ask)) as Bead).outcome, 'merged');
  assert.is(beads.get('ci-guard')?.status, 'hooked');
});

landing('is true of a request that was superseded just as it landed', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  const first = requestId('ci', ask);
  const newer = { ...ask, head: 'd'.repeat(40) };
  beads.apply(submit(beads, newer, { ...standing, older: [first] }, act));
  assert.is(requestOf(beads.get(first) as Bead).outcome, 'superseded');
  beads.apply(land(beads, first, { commit: 'c'.repeat(40), byQueue: true }, 'citadel', act));
  assert.is(requestOf(beads.get(first) as Bead).outcome, 'merged');
  assert.match(claimLost(beads, requestOf(beads.get(requestId('ci', newer)) as Bead), 'citadel') ?? '', /was closed meanwhile: Merged in/);
});

landing.run();

const rejecting = suite('reject');
const red = { kind: 'gate', reason: 'the gate test fails', evidence: 'boom' } as const;

rejecting('gives the bead back with the evidence, and lets it wait for its rework', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  const id = requestId('ci', ask);
  beads.apply(reject(beads, id, red, 'citadel', act));
  const source = beads.get('ci-guard');
  assert.equal([source?.status, source?.assignee, source?.attempts?.length], ['open', undefined, 1]);
  assert.equal(source?.dependencies?.map(({ depends_on_id }) => depends_on_id), [id.replace('-mr-', '-rw-')]);
  assert.equal(reject(beads, id, red, 'citadel', act), [], 'once');
});

rejecting('takes nothing from whoever took the bead over', () => {
  const beads = view(guard());
  beads.apply(submit(beads, ask, standing, act));
  beads.apply([{ op: 'bead.hooked', id: 'ci-guard', at: act.at, to: 'citadel/polecats/slit' }]);
  beads.apply(reject(beads, requestId('ci', ask), { ...red, kind: 'stale' }, 'citadel', act));
  assert.equal([beads.get('ci-guard')?.status, beads.get('ci-guard')?.assignee], ['hooked', 'citadel/polecats/slit']);
});

rejecting('asks for a person after so many rounds', () => {
  const beads = view(guard({ metadata: { round: 4 } }));
  beads.apply(submit(beads, ask, standing, act));
  beads.apply(reject(beads, requestId('ci', ask), red, 'citadel', act));
  const rework = beads.get(requestId('ci', ask).replace('-mr-', '-rw-'));
  assert.equal([rework?.metadata?.['round'], rework?.metadata?.['start_by']], [5, 'hand']);
});

rejecting.run();
