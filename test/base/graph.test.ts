import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cycles, reaches } from '../../src/base/graph.ts';

const roads: Record<string, string[]> = { citadel: ['gastown'], gastown: ['bulletfarm'], bulletfarm: ['citadel', 'swamp'], swamp: [], canyon: ['canyon'] };
const to = (place: string): string[] => roads[place] ?? [];

const graph = suite('a graph');

graph('tells whether one node reaches another', () => {
  assert.ok(reaches('citadel', 'swamp', to));
  assert.ok(reaches('citadel', 'citadel', to));
  assert.not.ok(reaches('swamp', 'citadel', to));
  assert.not.ok(reaches('swamp', 'swamp', to));
});

graph('finds the circles', () => {
  assert.equal(cycles(Object.keys(roads), to), [['bulletfarm', 'citadel', 'gastown'], ['canyon']]);
});

graph('has a node in a circle exactly where it reaches itself', () => {
  const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const follow = (node: string): string[] => pairs.filter(([from]) => String(from) === node).map(([, target]) => String(target));
      const nodes = Array.from({ length: 8 }, (_, node) => String(node));
      const circling = cycles(nodes, follow).flat().sort();
      assert.equal(circling, nodes.filter((node) => reaches(node, node, follow)));
    }),
  );
});

graph('is followed to any depth', () => {
  const deep = (node: string): string[] => (Number(node) < 50_000 ? [String(Number(node) + 1)] : []);
  assert.equal(cycles(['0'], deep), []);
  assert.ok(reaches('0', '50000', deep));
});

graph.run();
