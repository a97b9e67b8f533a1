import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { explain } from '../../src/domain/explaining.ts';
import { isReady } from '../../src/domain/ready.ts';
import { anyBeads, garage } from '../helpers/garage.ts';

const now = Date.parse('2026-05-01T08:00:00Z');
const explaining = suite('explain');

explaining('says why each bead is ready, or what it waits for', () => {
  const beads = garage();
  const { ready, blocked } = explain(beads, [...beads.all()], now);
  assert.equal(ready.map(({ bead, reason }) => [bead.id.slice(7), reason]), [
    ['toll', 'what it waited for is done: garage-scout'], ['haul', 'it waits for nothing'], ['hoses', 'it waits for nothing'], ['horn', 'it waits for nothing'],
  ]);
  assert.equal(blocked.map(({ bead, waiting }) => [bead.id.slice(7), ...waiting.map(({ id }) => id.slice(7)).sort()]), [['brakes', 'hoses'], ['run', 'brakes', 'spikes', 'toll', 'water'], ['tank', 'frame'], ['spikes', 'tank']]);
});

explaining('agrees with the list of ready work, and puts no bead in both', () => {
  fc.assert(fc.property(anyBeads, (beads) => {
    const all = [...beads.all()];
    const { ready, blocked } = explain(beads, all, now);
    assert.equal(ready.map(({ bead }) => bead.id).sort(), all.filter((bead) => isReady(beads, bead, now)).map(({ id }) => id).sort());
    assert.not.ok(blocked.some(({ bead }) => ready.some((other) => other.bead === bead)));
  }), { numRuns: 500 });
});

explaining.run();
