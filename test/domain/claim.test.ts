import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { claimOf, decide, whyHeld, type ClaimOrder, type HookedBead, type SeenClaim } from '../../src/domain/claim.ts';
import { bead } from '../helpers/garage.ts';

const [mine, other] = ['aaaaaa', 'bbbbbb'];
const minute = 60_000;

function claim(extra: Partial<SeenClaim> = {}): SeenClaim {
  return { bead: 'gt-a', token: 't1', replica: mine, agent: 'web/polecats/nux', duration: 30 * minute, silent: 0, ...extra };
}

function hooked(extra: Partial<HookedBead> = {}): HookedBead {
  return { bead: bead('gt-a', { status: 'hooked', assignee: 'web/polecats/nux' }), under: 't1', submitted: false, here: true, worked: 'current', ...extra };
}

const did = (orders: readonly ClaimOrder[]): string[] => orders.map((order) => order.do);

const claims = suite('a claim');

claims('that everybody agrees on needs nothing', () => {
  assert.equal(decide(mine, [claim()], [hooked()]), []);
  assert.equal(decide(mine, [claim({ replica: other })], [hooked({ here: false, worked: 'none' })]), []);
  assert.equal(decide(mine, [claim()], [hooked({ submitted: true, worked: 'none' })]), []);
  assert.equal(decide(mine, [claim()], [hooked({ worked: 'none' })]), [], 'a worker without a session gets one from the witness');
});

claims('of this clone is dropped when its bead hangs on no hook', () => {
  assert.equal(did(decide(mine, [claim()], [])), ['drop']);
  assert.equal(did(decide(mine, [claim({ replica: other })], [])), []);
});

claims('is taken for work that was begun while the hub was away', () => {
  assert.equal(did(decide(mine, [], [hooked({ under: undefined })])), ['take']);
  assert.equal(did(decide(mine, [], [hooked({ here: false })])), []);
  assert.equal(did(decide(mine, [], [hooked({ submitted: true })])), []);
  for (const assignee of ['mayor', 'web/crew/ada', 'by/polecats/', '/polecats/nux']) assert.equal(did(decide(mine, [], [hooked({ bead: bead('gt-a', { status: 'hooked', assignee }) })])), []);
});

claims('of another clone ends the work that was begun here beside it', () => {
  assert.equal(did(decide(mine, [claim({ replica: other })], [hooked({ under: undefined })])), ['yield']);
  assert.equal(did(decide(mine, [claim({ replica: other, token: 't2' })], [hooked()])), ['yield']);
});

claims('of this clone keeps the bead for the worker that has it, whatever a merge made of it', () => {
  assert.equal(did(decide(mine, [claim()], [hooked({ under: 't2', here: false })])), ['assert']);
  assert.equal(did(decide(mine, [claim()], [hooked({ worked: 'stale' })])), ['assert']);
  assert.equal(did(decide(mine, [claim()], [hooked({ under: 't2', here: false, submitted: true })])), ['assert']);
});

claims('is taken over when its replica was silent for its whole duration', () => {
  const silent = claim({ replica: other, silent: 30 * minute });
  assert.equal(did(decide(mine, [silent], [hooked({ here: false, worked: 'none' })])), ['takeOver']);
  assert.equal(did(decide(mine, [claim({ replica: other, silent: 30 * minute - 1 })], [hooked({ here: false, worked: 'none' })])), []);
  assert.equal(did(decide(mine, [silent], [hooked({ here: false, worked: 'none', submitted: true })])), [], 'submitted work waits for nobody');
});

claims('that was taken over is brought to its end after a kill', () => {
  assert.equal(did(decide(mine, [claim({ token: 't2' })], [hooked({ here: false, worked: 'none' })])), ['takeOver']);
});

claims('that was taken over from somebody who has submitted the work after all gives way to it', () => {
  const submitted = hooked({ bead: bead('gt-a', { status: 'hooked', assignee: 'web/refinery' }), here: false, worked: 'none', submitted: true });
  assert.equal(did(decide(mine, [claim({ token: 't2', agent: 'web/witness' })], [submitted])), ['drop']);
  assert.equal(did(decide(mine, [claim({ token: 't2', agent: 'web/refinery' })], [submitted])), [], 'the queue lands it, or gives it back');
  assert.equal(did(decide(mine, [claim({ token: 't2', replica: other, agent: 'web/witness' })], [submitted])), [], 'whoever took it gives it up');
});

claims('that was taken over, and then yielded to the role that took it, lets the bead wait for a worker', () => {
  const witness = 'web/witness';
  const left = (assignee: string, extra: Partial<HookedBead> = {}): HookedBead => hooked({ bead: bead('gt-a', { status: 'hooked', assignee }), here: false, worked: 'none', ...extra });
  assert.equal(did(decide(mine, [claim({ agent: witness })], [left(witness)])), ['takeOver']);
  assert.equal(did(decide(mine, [claim({ agent: witness })], [left('mayor')])), [], 'somebody has hung it there since');
  assert.equal(did(decide(mine, [claim({ agent: 'web/refinery' })], [left('web/refinery', { submitted: true })])), []);
  assert.equal(did(decide(other, [claim({ agent: witness })], [left(witness, { here: true })])), [], 'it is for whoever has the claim');
});

claims('is taken over from a role, too, that took it and never came back', () => {
  const taken = (silent: number): SeenClaim => claim({ replica: other, agent: 'web/witness', silent });
  const left = (extra: Partial<HookedBead> = {}): HookedBead => hooked({ bead: bead('gt-a', { status: 'hooked', assignee: 'web/witness' }), worked: 'none', ...extra });
  for (const here of [true, false]) {
    assert.equal(did(decide(mine, [taken(30 * minute)], [left({ here })])), ['takeOver']);
    assert.equal(did(decide(mine, [taken(30 * minute - 1)], [left({ here })])), []);
  }
  assert.equal(did(decide(mine, [taken(30 * minute)], [left({ bead: bead('gt-a', { status: 'hooked', assignee: 'mayor' }) })])), [], 'somebody has hung it there since');
});

claims('holds a bead until its work has ended or its replica is silent', () => {
  const foreign = claim({ replica: other });
  assert.match(whyHeld(foreign, undefined) ?? '', /web\/polecats\/nux of replica bbbbbb has it/);
  assert.ok(whyHeld(foreign, bead('gt-a')), 'it was only just taken');
  assert.is(whyHeld(foreign, bead('gt-a', { metadata: { claim: { token: 't1', replica: other } } })), undefined);
  assert.ok(whyHeld(foreign, bead('gt-a', { metadata: { claim: { token: 't0', replica: other } } })));
  assert.is(whyHeld(claim({ replica: other, silent: 30 * minute }), undefined), undefined);
  assert.is(claimOf({ metadata: { claim: 'forged' } }), undefined);
});

claims.run();
