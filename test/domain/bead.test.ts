import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, find, indexed, evolving, type Act, type BeadChange, type Beads } from '../../src/domain/bead.ts';
import { close, remove, reopen } from '../../src/domain/closing.ts';
import { addLabel, comment, create, edit, nextChildId, recordAttempt, removeLabel } from '../../src/domain/content.ts';
import { adopt, children, depend, dependents, undepend, unmet } from '../../src/domain/dependency.ts';
import { checkId } from '../../src/domain/field.ts';
import { claim, handOver, hook, release } from '../../src/domain/hook.ts';
import { anyBeads, anyId, bead, garage, ids, nux, refusal, slit } from '../helpers/garage.ts';

/** The bead after a decision. */
function after(beads: Beads, id: string, changes: readonly BeadChange[]): ReturnType<typeof find> {
  const view = evolving(beads);
  view.take(changes);
  return find(view, id);
}

const filing = suite('create');

filing('files an open task of middle priority, by whoever acts', () => {
  const filed = after(garage(), 'garage-siren', create(garage(), 'garage-siren', { title: 'Wind the siren' }, nux));
  assert.equal(filed, bead('garage-siren', { title: 'Wind the siren', created_at: nux.at, updated_at: nux.at, created_by: 'nux' }));
});

filing('keeps every field, and adds the edges', () => {
  const draft = { title: 'Polish the skull', priority: 4, issue_type: 'feat', labels: ['rig', 'chrome', 'rig'], mood: { shiny: true }, dependencies: [{ depends_on_id: 'garage-horn', type: 'related' }] };
  const filed = after(garage(), 'garage-skull', create(garage(), 'garage-skull', draft, nux));
  assert.equal([filed.priority, filed.issue_type, filed.labels, filed['mood'], filed.dependencies?.[0]?.depends_on_id], [4, 'feature', ['chrome', 'rig'], { shiny: true }, 'garage-horn']);
});

filing('refuses an id that is taken, by a tombstone too', () => {
  assert.throws(() => create(garage(), 'garage-horn', { title: 'Another horn' }, nux), refusal('bead.id-taken'));
  assert.throws(() => create(garage({ 'garage-horn': { status: 'tombstone' } }), 'garage-horn', { title: 'Another horn' }, nux), refusal('bead.id-taken'));
});

filing('refuses values that a field cannot hold', () => {
  const wrong = [{ title: '' }, { title: ' \t' }, { title: 'two\nlines' }, { title: 'a\0b' }, { title: '🔥'.repeat(501) }, { title: 'x', priority: 5 }, { title: 'x', priority: 1.5 }, { title: 'x', labels: [''] }, { title: 'x', metadata: [] }, { title: 'x', estimated_minutes: -1 }, { title: 'x', description: 'a\0b' }, { title: 'x', description: {} }, { title: 'x', assignee: 5 }, { title: 'x', labels: 'hot' }, { title: 'x', labels: [5] }, { title: 'x', comments: 'none' }, { title: 'x', comments: [{ id: 'c' }] }, { title: 'x', attempts: [{}] }];
  for (const draft of wrong) assert.throws(() => create(garage(), 'garage-x', draft, nux), refusal('field.bad'), JSON.stringify(draft).slice(0, 60));
  for (const [labels, says] of [[[5], /the labels "5" cannot be used: it is a list of words/], [['hot', ' '], /a label is not empty/]] as const) assert.throws(() => create(garage(), 'garage-x', { title: 'x', labels }, nux), says);
  assert.throws(() => create(garage(), 'garage-x', { title: 'x', issue_type: 'Big Thing' }, nux), refusal('type.unknown'));
  assert.throws(() => create(garage(), 'garage-x', { title: 'x', status: 'shiny' }, nux), refusal('status.unknown'));
});

filing('takes titles that look like something else as what they are', () => {
  for (const title of ['$(touch pwned)', '--force', '../../x', '; rm -rf /', '🔥'.repeat(500)]) assert.is(after(garage(), 'garage-x', create(garage(), 'garage-x', { title }, nux)).title, title);
});

filing.run();

const child = suite('nextChildId');

child('counts from the highest number ever used', () => {
  const beads = indexed(new Map([bead('gt-a'), bead('gt-a.1'), bead('gt-a.9', { status: 'tombstone' }), bead('gt-a.1.12'), bead('gt-a.x')].map((each) => [each.id, each])));
  assert.is(nextChildId(beads, 'gt-a'), 'gt-a.10');
  assert.is(nextChildId(beads, 'gt-a.1'), 'gt-a.1.13');
  assert.throws(() => nextChildId(beads, 'gt-b'), refusal('bead.unknown'));
});

child.run();

const editing = suite('edit');

editing('sets and removes fields, and merges metadata key by key', () => {
  const edited = after(garage(), 'garage-frame', edit(garage(), 'garage-frame', { title: 'Bend the frame back', metadata: { tool: null, force: 9 }, notes: 'slowly', labels: null }, nux));
  assert.equal([edited.title, edited.metadata, edited['notes'], edited.labels, edited.updated_at], ['Bend the frame back', { force: 9 }, 'slowly', undefined, nux.at]);
});

editing('moves a status by its own rules', () => {
  const started = after(garage(), 'garage-horn', edit(garage(), 'garage-horn', { status: 'in_progress' }, nux));
  assert.equal([started.status, started.started_at], ['in_progress', nux.at]);
  assert.throws(() => edit(garage(), 'garage-run', { status: 'closed' }, nux), refusal('bead.close-refused'));
  const back = after(garage(), 'garage-map', edit(garage(), 'garage-map', { status: 'in_progress' }, nux));
  assert.equal([back.status, back.closed_at], ['in_progress', undefined]);
});

editing('changes nothing where nothing differs', () => {
  assert.equal(edit(garage(), 'garage-frame', { status: 'in_progress', priority: 0, metadata: { tool: 'press' } }, nux), []);
});

editing.run();

const claiming = suite('claim');

claiming('gives an open bead to whoever asks', () => {
  const claimed = after(garage(), 'garage-horn', claim(garage(), 'garage-horn', nux));
  assert.equal([claimed.status, claimed.assignee, claimed.started_at], ['in_progress', 'nux', nux.at]);
});

claiming('keeps the time of the first start', () => {
  const beads = garage({ 'garage-horn': { started_at: '2026-04-01T00:00:00Z' } });
  assert.is(after(beads, 'garage-horn', claim(beads, 'garage-horn', nux)).started_at, '2026-04-01T00:00:00Z');
});

claiming('changes nothing for who has it', () => {
  assert.equal(claim(garage(), 'garage-frame', nux), []);
});

claiming('refuses what somebody else has, what is done, and what waits', () => {
  assert.throws(() => claim(garage(), 'garage-frame', slit), refusal('bead.taken'));
  assert.throws(() => claim(garage({ 'garage-horn': { assignee: 'nux' } }), 'garage-horn', slit), refusal('bead.taken'));
  assert.throws(() => claim(garage(), 'garage-map', slit), refusal('bead.taken'));
  assert.throws(() => claim(garage(), 'garage-tank', slit), refusal('bead.blocked'));
});

claiming.run();

const hooking = suite('hook');

hooking('hangs an open bead on a hook, once', () => {
  const changes = hook(garage(), 'garage-horn', 'rig/polecats/nux', slit);
  const hooked = after(garage(), 'garage-horn', changes);
  assert.equal([hooked.status, hooked.assignee], ['hooked', 'rig/polecats/nux']);
  const view = evolving(garage());
  view.take(changes);
  assert.equal(hook(view, 'garage-horn', 'rig/polecats/nux', slit), []);
  assert.throws(() => hook(view, 'garage-horn', 'rig/polecats/slit', slit), refusal('bead.taken'));
});

hooking('is handed over only from the hook that it hangs on', () => {
  const view = evolving(garage());
  view.take(hook(view, 'garage-horn', 'a', slit));
  assert.throws(() => handOver(view, 'garage-horn', 'b', 'c', slit), refusal('bead.not-on-hook'));
  view.take(handOver(view, 'garage-horn', 'a', 'c', slit));
  assert.is(find(view, 'garage-horn').assignee, 'c');
  assert.equal(handOver(view, 'garage-horn', 'a', 'c', slit), []);
});

hooking('ends when the bead is released', () => {
  const released = after(garage(), 'garage-frame', release(garage(), 'garage-frame', slit));
  assert.equal([released.status, released.assignee], ['open', undefined]);
  assert.equal(release(garage(), 'garage-horn', slit), []);
});

hooking.run();

const closing = suite('close');

closing('says when and why', () => {
  const closed = after(garage(), 'garage-horn', close(garage(), 'garage-horn', { reason: 'It honks' }, { ...nux, session: 's1' }));
  assert.equal([closed.status, closed.closed_at, closed.close_reason, closed.closed_by_session], ['closed', nux.at, 'It honks', 's1']);
  assert.equal(close(garage(), 'garage-map', { reason: 'again' }, nux), []);
});

closing('refuses what is pinned, a template, what waits, and an epic with open children', () => {
  for (const [id, changes] of [['garage-horn', { pinned: true }], ['garage-horn', { status: 'pinned' }], ['garage-horn', { is_template: true }], ['garage-run', {}], ['garage-haul', {}]] as const) {
    assert.throws(() => close(garage({ [id]: changes }), id, { reason: '' }, nux), refusal('bead.close-refused'), id);
    assert.is(close(garage({ [id]: changes }), id, { reason: '', force: true }, nux).length, 1);
  }
});

closing('is undone by reopening', () => {
  const opened = after(garage(), 'garage-map', reopen(garage(), 'garage-map', nux));
  assert.equal([opened.status, opened.closed_at, opened.close_reason], ['open', undefined, undefined]);
  assert.equal(reopen(garage(), 'garage-horn', nux), []);
});

closing.run();

const removing = suite('remove');

removing('leaves a tombstone', () => {
  const beads = evolving(garage());
  beads.take(remove(beads, 'garage-run', { reason: 'off' }, nux));
  assert.is(beads.get('garage-run')?.status, 'tombstone');
  assert.is(beads.get('garage-run')?.['description'], undefined);
  assert.throws(() => find(beads, 'garage-run'), refusal('bead.unknown'));
});

removing('refuses while others refer to it, unless they go with it', () => {
  assert.throws(() => remove(garage(), 'garage-hoses', { reason: '' }, nux), refusal('bead.referred'));
  assert.is(remove(garage(), 'garage-hoses', { reason: '', with: ['garage-brakes'] }, nux).length, 1);
  assert.is(remove(garage(), 'garage-hoses', { reason: '', force: true }, nux).length, 1);
});

removing.run();

const labels = suite('labels');

labels('are a set', () => {
  assert.equal(after(garage(), 'garage-tank', addLabel(garage(), 'garage-tank', 'fuel', nux)).labels, ['fuel', 'welding']);
  assert.equal(addLabel(garage(), 'garage-tank', 'welding', nux), []);
  assert.is(after(garage(), 'garage-tank', removeLabel(garage(), 'garage-tank', 'welding', nux)).labels, undefined);
  assert.equal(removeLabel(garage(), 'garage-tank', 'fuel', nux), []);
  for (const label of ['', ' ', 'a,b', 'a\nb']) assert.throws(() => addLabel(garage(), 'garage-tank', label, nux), refusal('field.bad'));
});

labels.run();

const saying = suite('comment');

saying('adds what somebody says, in order', () => {
  const beads = evolving(garage());
  beads.take(comment(beads, 'garage-frame', 'c2', 'It creaks.', nux));
  assert.equal(find(beads, 'garage-frame').comments?.map(({ id, author }) => [id, author]), [['c1', 'capable'], ['c2', 'nux']]);
  assert.throws(() => comment(beads, 'garage-frame', 'c3', ' ', nux), refusal('field.bad'));
});

saying('records an attempt once', () => {
  const attempt = { id: 't1', agent: 'nux', outcome: 'failed', evidence: 'exit 1', at: nux.at };
  const beads = evolving(garage());
  beads.take(recordAttempt(beads, 'garage-frame', attempt));
  assert.equal(find(beads, 'garage-frame').attempts, [attempt]);
  assert.equal(recordAttempt(beads, 'garage-frame', attempt), []);
});

saying.run();

const edges = suite('depend');

edges('adds an edge of one type a pair', () => {
  const waiting = after(garage(), 'garage-horn', depend(garage(), 'garage-horn', 'garage-tank', 'blocks', nux));
  assert.equal(waiting.dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['garage-haul', 'related'], ['garage-tank', 'blocks']]);
  assert.equal(depend(garage(), 'garage-tank', 'garage-frame', 'blocks', nux), []);
  assert.throws(() => depend(garage(), 'garage-tank', 'garage-frame', 'related', nux), refusal('dependency.bad'));
});

edges('refuses itself, what is not there, what is no type, and epics that block tasks', () => {
  assert.throws(() => depend(garage(), 'garage-tank', 'garage-tank', 'related', nux), refusal('dependency.bad'));
  assert.throws(() => depend(garage(), 'garage-tank', 'garage-ghost', 'blocks', nux), refusal('bead.unknown'));
  assert.throws(() => depend(garage(), 'garage-tank', 'garage-horn', 'two words', nux), refusal('dependency.bad'));
  assert.throws(() => depend(garage(), 'garage-tank', 'garage-haul', 'blocks', nux), refusal('dependency.bad'));
  assert.is(depend(garage(), 'garage-tank', 'external:valhalla:gates', 'blocks', nux).length, 1);
});

edges('refuses circles of blockers and of parents, and lets relations be', () => {
  assert.throws(() => depend(garage(), 'garage-frame', 'garage-run', 'blocks', nux), refusal('dependency.bad'));
  assert.throws(() => depend(garage(), 'garage-haul', 'garage-spikes', 'parent-child', nux), refusal('dependency.bad'));
  assert.is(depend(garage(), 'garage-frame', 'garage-run', 'related', nux).length, 1);
});

edges('are removed, and removing them again changes nothing', () => {
  const view = evolving(garage());
  view.take(undepend(view, 'garage-tank', 'garage-frame', nux));
  assert.is(find(view, 'garage-tank').dependencies, undefined);
  assert.equal(undepend(view, 'garage-tank', 'garage-frame', nux), []);
});

edges('replace the parent when a bead is adopted', () => {
  const beads = garage({ 'garage-run': { issue_type: 'epic' } });
  const moved = after(beads, 'garage-brakes', adopt(beads, 'garage-brakes', 'garage-run', nux));
  assert.equal(moved.dependencies?.map((edge) => [edge.depends_on_id, edge.type]), [['garage-hoses', 'blocks'], ['garage-run', 'parent-child']]);
  assert.equal(adopt(beads, 'garage-brakes', 'garage-haul', nux), []);
  assert.equal(after(beads, 'garage-spikes', adopt(beads, 'garage-spikes', undefined, nux)).dependencies?.length, 1);
});

edges('are seen from both ends', () => {
  assert.equal(children(garage(), 'garage-haul').map(({ id }) => id).sort(), ['garage-brakes', 'garage-frame', 'garage-spikes', 'garage-water']);
  assert.equal(dependents(garage(), 'garage-scout').map(({ id }) => id), ['garage-toll']);
});

edges.run();

const waiting = suite('unmet');

const waitsFor = (id: string, on: string, type: string, metadata?: string) => bead(id, { dependencies: [{ issue_id: id, depends_on_id: on, type, created_at: '', created_by: '', ...(metadata === undefined ? {} : { metadata }) }] });
const of = (...beads: ReturnType<typeof bead>[]): Beads => indexed(new Map(beads.map((each) => [each.id, each])));

waiting('names open blockers, and no closed, pinned, deleted or missing ones', () => {
  assert.equal(unmet(garage(), find(garage(), 'garage-run')), ['garage-brakes', 'garage-spikes', 'garage-toll', 'garage-water']);
  for (const status of ['closed', 'pinned', 'tombstone']) assert.equal(unmet(garage({ 'garage-frame': { status } }), find(garage(), 'garage-tank')), []);
  assert.equal(unmet(of(waitsFor('gt-a', 'gt-gone', 'blocks')), waitsFor('gt-a', 'gt-gone', 'blocks')), []);
});

waiting('is handed down by a blocked parent, not by an open one', () => {
  const open = of(bead('gt-e'), waitsFor('gt-e.1', 'gt-e', 'parent-child'));
  assert.equal(unmet(open, find(open, 'gt-e.1')), []);
  const blocked = of(waitsFor('gt-e', 'gt-b', 'blocks'), bead('gt-b'), waitsFor('gt-e.1', 'gt-e', 'parent-child'), waitsFor('gt-e.1.1', 'gt-e.1', 'parent-child'));
  assert.equal(unmet(blocked, find(blocked, 'gt-e.1.1')), ['gt-b']);
});

waiting('waits for all children of what it waits for, or for any', () => {
  const family = (first: string, gate?: string): Beads => of(bead('gt-s'), { ...waitsFor('gt-s.1', 'gt-s', 'parent-child'), status: first }, waitsFor('gt-s.2', 'gt-s', 'parent-child'), waitsFor('gt-w', 'gt-s', 'waits-for', gate));
  const left = (beads: Beads): string[] => unmet(beads, find(beads, 'gt-w'));
  assert.equal(left(family('open')), ['gt-s.1', 'gt-s.2']);
  assert.equal(left(family('closed')), ['gt-s.2']);
  assert.equal(left(family('closed', '{"gate":"any-children"}')), []);
  assert.equal(left(family('open', '{"gate":"any-children"}')), ['gt-s.1', 'gt-s.2']);
});

waiting('names each once, however many ways lead there', () => {
  const edge = (id: string, on: string, type: string) => ({ issue_id: id, depends_on_id: on, type, created_at: '', created_by: '' });
  const twice = of(bead('gt-b'), waitsFor('gt-a', 'gt-b', 'blocks'), bead('gt-a.1', { dependencies: [edge('gt-a.1', 'gt-a', 'parent-child'), edge('gt-a.1', 'gt-b', 'blocks')] }));
  assert.equal(unmet(twice, find(twice, 'gt-a.1')), ['gt-b']);
});

waiting('ends where parents go round in a circle', () => {
  const round = of(waitsFor('gt-a', 'gt-b', 'parent-child'), waitsFor('gt-b', 'gt-a', 'parent-child'));
  assert.equal(unmet(round, find(round, 'gt-a')), []);
});

waiting('looks at each of those above once, where everybody stands above everybody', () => {
  const ids = Array.from({ length: 40 }, (_each, index) => `gt-${index}`);
  const edge = (id: string, on: string, type: string) => ({ issue_id: id, depends_on_id: on, type, created_at: '', created_by: '' });
  const knot = of(bead('gt-b'), ...ids.map((id) => bead(id, { dependencies: [...ids.filter((other) => other !== id).map((other) => edge(id, other, 'parent-child')), ...(id === 'gt-39' ? [edge(id, 'gt-b', 'blocks')] : [])] })));
  assert.equal(unmet(knot, find(knot, 'gt-0')), ['gt-b']);
});

waiting.run();

const grammar = suite('checkId');

grammar('knows ids by their spelling', () => {
  for (const id of ['gt-x1y2z', 'my-app-x1y2z', 'gt-a.1.2', 'gt-a+b1c2d', 'hq-mayor']) assert.is(checkId(id), id);
  for (const id of ['', 'gt', 'gt-', '-x', '../../x', 'gt-a b', 'gt-a\n', '--force', `gt-${'x'.repeat(300)}`, 'gt-a/b', 'gt-a..1']) assert.throws(() => checkId(id), refusal('id.bad'), id);
});

grammar.run();

const laws = suite('every verb');

const act = (by: string): Act => ({ by, at: '2026-05-01T08:00:00Z' });

/** Each verb on one bead of any ledger, deciding as often as it is asked. */
const verbs: Record<string, (beads: Beads, id: string, other: string) => BeadChange[]> = {
  edit: (beads, id) => edit(beads, id, { title: 'Chrome', priority: 1, metadata: { shine: 9 } }, act('nux')),
  start: (beads, id) => edit(beads, id, { status: 'in_progress' }, act('nux')),
  claim: (beads, id) => claim(beads, id, act('nux')),
  hook: (beads, id) => hook(beads, id, 'rig/polecats/nux', act('nux')),
  release: (beads, id) => release(beads, id, act('nux')),
  close: (beads, id) => close(beads, id, { reason: 'done', force: true }, act('nux')),
  reopen: (beads, id) => reopen(beads, id, act('nux')),
  label: (beads, id) => addLabel(beads, id, 'rig', act('nux')),
  unlabel: (beads, id) => removeLabel(beads, id, 'rig', act('nux')),
  depend: (beads, id, other) => depend(beads, id, other, 'related', act('nux')),
  undepend: (beads, id, other) => undepend(beads, id, other, act('nux')),
  adopt: (beads, id, other) => adopt(beads, id, other, act('nux')),
  attempt: (beads, id) => recordAttempt(beads, id, { id: 't', agent: 'nux', outcome: 'failed', evidence: '', at: '' }),
};

/** What a verb decides, or that it refused. */
function decided(decide: () => BeadChange[]): BeadChange[] | undefined {
  try {
    return decide();
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'hint' in error, `a verb threw something that is no refusal: ${String(error)}`);
    return undefined;
  }
}

for (const [name, verb] of Object.entries(verbs)) {
  laws(`may be repeated: ${name}`, () => {
    fc.assert(
      fc.property(anyBeads, anyId, anyId, (beads, id, other) => {
        const first = decided(() => verb(beads, id, other));
        if (first === undefined) return;
        const view = evolving(beads);
        view.take(first);
        assert.equal(verb(view, id, other), []);
      }),
    );
  });
}

const change = fc.constantFrom(...Object.values(verbs));

laws('leaves the id and the birth of a bead alone, and evolve never throws', () => {
  fc.assert(
    fc.property(anyBeads, fc.array(fc.tuple(change, anyId, anyId), { maxLength: 12 }), anyBeads, (beads, steps, others) => {
      const view = evolving(beads);
      const made = steps.flatMap(([verb, id, other]) => view.take(decided(() => verb(view, id, other)) ?? []));
      for (const id of ids) assert.equal([view.get(id)?.id, view.get(id)?.created_at], [beads.get(id)?.id, beads.get(id)?.created_at]);
      // Applied to what it was not made for, a change does something or nothing, the same each time.
      for (const each of made) {
        const once = evolve(others.get(each.id), each);
        assert.equal(evolve(once, each), once);
        assert.is(evolve(undefined, each), each.op === 'bead.created' ? each.bead : undefined);
      }
    }),
  );
});

laws('never makes a circle of blockers', () => {
  const edge = fc.tuple(anyId, anyId, fc.constantFrom('blocks', 'conditional-blocks'));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), (wanted) => {
      const view = evolving(indexed(new Map(ids.map((id) => [id, bead(id)]))));
      for (const [from, to, type] of wanted) view.take(decided(() => depend(view, from, to, type, act('nux'))) ?? []);
      const follow = (id: string, path: readonly string[]): void => {
        assert.not.ok(path.includes(id), `${[...path, id].join(' → ')}`);
        for (const { depends_on_id: on } of find(view, id).dependencies ?? []) follow(on, [...path, id]);
      };
      for (const id of ids) follow(id, []);
    }),
  );
});

laws.run();
