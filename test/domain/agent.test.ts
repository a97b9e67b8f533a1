import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAddress, type Address } from '../../src/domain/address.ts';
import { agentId, enroll, freeName, onHook, workerNames } from '../../src/domain/agent.ts';
import { evolving, indexed } from '../../src/domain/bead.ts';
import { bead, garage, nux, slit } from '../helpers/garage.ts';

const addresses: readonly Address[] = [
  { role: 'mayor' }, { role: 'deacon' }, { role: 'overseer' }, { role: 'dog', name: 'alpha' },
  { role: 'witness', rig: 'shop' }, { role: 'refinery', rig: 'shop' }, { role: 'crew', rig: 'shop', name: 'ada' }, { role: 'polecat', rig: 'shop', name: 'nux' },
];

const ids = suite('agentId');

ids('is one for each address, the same in every town', () => {
  assert.equal(addresses.map((address) => agentId('gt', address)), ['hq-mayor', 'hq-deacon', 'hq-overseer', 'hq-dog-alpha', 'gt-shop-witness', 'gt-shop-refinery', 'gt-shop-crew-ada', 'gt-shop-polecat-nux']);
});

ids.run();

const enrolling = suite('enroll');

enrolling('enters an agent with its address, role and runtime, born alike everywhere', () => {
  const [change] = enroll(garage(), 'gt', 'shop/polecats/nux', 'claude', nux);
  assert.ok(change?.op === 'bead.created');
  const { bead: entered } = change;
  assert.equal([entered.id, entered.issue_type, entered.labels, entered.metadata], ['gt-shop-polecat-nux', 'agent', ['gt:agent'], { address: 'shop/polecats/nux', role: 'polecat', runtime: 'claude' }]);
  assert.is(entered['constant_birth'], true);
});

enrolling('leaves an agent that is there as it is', () => {
  for (const address of addresses) {
    const beads = evolving(garage());
    beads.take(enroll(beads, 'gt', formatAddress(address), undefined, nux));
    assert.equal(enroll(beads, 'gt', formatAddress(address), 'claude', slit), []);
  }
});

enrolling.run();

const hooks = suite('onHook');

const hooked = (id: string, assignee: string, hour: number, status = 'hooked') => bead(id, { status, assignee, updated_at: `2026-05-01T0${hour}:00:00Z` });
const hookOf = (agent: string, ...beads: ReturnType<typeof bead>[]): string | undefined => onHook(indexed(new Map(beads.map((each) => [each.id, each]))), agent)?.id;

hooks('finds what hangs there, and nothing that is merely assigned or on another hook', () => {
  assert.is(hookOf('nux', hooked('gt-a', 'slit', 1), hooked('gt-b', 'nux', 2, 'in_progress'), hooked('gt-c', 'nux', 3)), 'gt-c');
  assert.is(hookOf('nux', hooked('gt-a', 'slit', 1), hooked('gt-b', 'nux', 2, 'closed')), undefined);
});

hooks('finds the oldest where a merge left two', () => {
  assert.is(hookOf('nux', hooked('gt-b', 'nux', 2), hooked('gt-a', 'nux', 1)), 'gt-a');
});

hooks.run();

const names = suite('freeName');

names('is the first of the pool that nobody has', () => {
  assert.is(freeName(new Set()), 'furiosa');
  assert.is(freeName(new Set(['furiosa', 'slit'])), 'nux');
});

names('is a number when all are taken', () => {
  assert.is(freeName(new Set(workerNames)), `w${workerNames.length + 1}`);
  assert.is(freeName(new Set(['nux', 'w2', 'w3']), ['nux']), 'w4');
});

names('never gives one that is taken', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...workerNames, 'w51', 'w52')), (taken) => assert.not.ok(taken.includes(freeName(new Set(taken))))));
  assert.is(new Set(workerNames).size, workerNames.length);
});

names.run();
