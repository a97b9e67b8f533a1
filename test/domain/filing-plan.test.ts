import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { find } from '../../src/domain/bead.ts';
import { fileBeads } from '../../src/domain/filing.ts';
import { readPlan } from '../../src/domain/filing-plan.ts';
import { garage, nux } from '../helpers/garage.ts';

const plans = suite('readPlan');

plans('puts parents before their parts, and keeps the order of the plan otherwise', () => {
  const plan = readPlan({ nodes: [{ key: 'c', title: 'C', parent_key: 'b' }, { key: 'b', title: 'B', parent_key: 'a' }, { key: 'd', title: 'D', parent_key: 'a' }, { key: 'a', title: 'A', parent_id: 'gt-x', type: 'epic', assign_after_create: 'nux' }], edges: [{ from_key: 'c', to_key: 'd', type: 'related' }] });
  assert.ok(typeof plan !== 'string');
  assert.equal(plan.keys, ['a', 'b', 'd', 'c']);
  assert.equal([plan.others, plan.orders[0]!.fields, plan.orders[3]!.links], [['gt-x'], { title: 'A', issue_type: 'epic', assignee: 'nux' }, [{ type: 'related', other: plan.orders[2]!.id, blocks: false }]]);
});

plans('loses no parent that it cannot read', () => {
  assert.is(readPlan({ nodes: [{ key: 'a', title: 'A' }, { key: 'b', title: 'B', parent_key: 7 }] }), 'node 2: its parent_key is no text');
});

plans('takes no key for an id, and no id for a key', () => {
  const plan = readPlan({ nodes: [{ key: 'garage-horn', title: 'A second horn' }, { key: 'part', title: 'Its reed', parent_id: 'garage-horn' }], edges: [{ from_key: 'part', to_key: 'garage-horn' }, { from_key: 'part', to_id: 'garage-run' }] });
  assert.ok(typeof plan !== 'string');
  assert.equal(plan.others, ['garage-horn', 'garage-run']);
  const { ids, beads } = fileBeads(garage(), plan.orders, { prefixes: ['garage'], infix: '', count: 12, seed: 'x' }, nux);
  const [horn = '', part = ''] = ids;
  assert.match(horn, /^garage-[0-9a-z]{5}$/);
  assert.is(part, 'garage-horn.1');
  assert.equal(find(beads, part).dependencies?.map(({ depends_on_id: on, type }) => [on, type]), [['garage-horn', 'parent-child'], [horn, 'blocks'], ['garage-run', 'blocks']]);
});

plans('names the key that no node has', () => {
  const nodes = [{ key: 'a', title: 'A' }];
  assert.is(readPlan({ nodes: [...nodes, { key: 'b', title: 'B', parent_key: 'gt-x' }] }), 'node 2: its parent_key is the key of no node; a bead that is there already is its parent_id');
  assert.is(readPlan({ nodes, edges: [{ from_key: 'gt-x', to_key: 'a' }] }), 'edge 1: "gt-x" is the key of no node; a bead that is there already is named by from_id or to_id');
  assert.is(readPlan({ nodes, edges: [{ from_id: 'a', to_id: 'gt-x' }] }), 'edge 1: neither of its ends is in the plan');
});

plans('says what is wrong with whatever it is given', () => {
  const node = fc.record({ key: fc.constantFrom('a', 'b', '', 1), title: fc.constantFrom('T', null), parent_key: fc.constantFrom('a', 'b', 'gt-x', 7) }, { requiredKeys: [] });
  const edge = fc.record({ from_key: fc.constantFrom('a', 'b', 'gt-x'), to_id: fc.constantFrom('a', 'gt-y', 3), type: fc.constantFrom('blocks', 'related', 1) }, { requiredKeys: [] });
  const value = fc.oneof(fc.anything(), fc.record({ nodes: fc.array(fc.oneof(node, fc.anything()), { maxLength: 4 }), edges: fc.oneof(fc.array(fc.oneof(edge, fc.anything()), { maxLength: 4 }), fc.anything()) }));
  fc.assert(fc.property(value, (each) => {
    const plan = readPlan(each);
    if (typeof plan === 'string') return;
    const seen = new Set<unknown>();
    const keys = new Set<unknown>(plan.orders.map(({ id }) => id));
    for (const { id, parent } of plan.orders) {
      assert.ok(parent === undefined || !keys.has(parent) || seen.has(parent));
      seen.add(id);
    }
  }), { numRuns: 2000 });
});

plans.run();
