import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readPlan } from '../../src/domain/filing-plan.ts';

const plans = suite('readPlan');

plans('puts parents before their parts, and keeps the order of the plan otherwise', () => {
  const plan = readPlan({ nodes: [{ key: 'c', title: 'C', parent_key: 'b' }, { key: 'b', title: 'B', parent_key: 'a' }, { key: 'd', title: 'D', parent_key: 'a' }, { key: 'a', title: 'A', parent_id: 'gt-x', type: 'epic', assign_after_create: 'nux' }], edges: [{ from_key: 'c', to_key: 'd', type: 'related' }] });
  assert.ok(typeof plan !== 'string');
  assert.equal(plan.orders.map(({ id }) => id), ['a', 'b', 'd', 'c']);
  assert.equal([plan.others, plan.orders[0]!.fields, plan.orders[3]!.links], [['gt-x'], { title: 'A', issue_type: 'epic', assignee: 'nux' }, [{ type: 'related', other: 'd', blocks: false }]]);
});

plans('loses no parent that it cannot read', () => {
  assert.is(readPlan({ nodes: [{ key: 'a', title: 'A' }, { key: 'b', title: 'B', parent_key: 7 }] }), 'node 2: its parent_key is no text');
});

plans('says what is wrong with whatever it is given', () => {
  const node = fc.record({ key: fc.constantFrom('a', 'b', '', 1), title: fc.constantFrom('T', null), parent_key: fc.constantFrom('a', 'b', 'gt-x', 7) }, { requiredKeys: [] });
  const edge = fc.record({ from_key: fc.constantFrom('a', 'b', 'gt-x'), to_id: fc.constantFrom('a', 'gt-y', 3), type: fc.constantFrom('blocks', 'related', 1) }, { requiredKeys: [] });
  const value = fc.oneof(fc.anything(), fc.record({ nodes: fc.array(fc.oneof(node, fc.anything()), { maxLength: 4 }), edges: fc.oneof(fc.array(fc.oneof(edge, fc.anything()), { maxLength: 4 }), fc.anything()) }));
  fc.assert(fc.property(value, (each) => {
    const plan = readPlan(each);
    if (typeof plan === 'string') return;
    const seen = new Set<string>();
    const keys = new Set(plan.orders.map(({ id }) => id));
    for (const { id, parent } of plan.orders) {
      assert.ok(parent === undefined || !keys.has(parent) || seen.has(parent));
      seen.add(id);
    }
  }), { numRuns: 2000 });
});

plans.run();
