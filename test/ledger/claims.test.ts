import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noteSigns, pushClaim, readClaims } from '../../src/ledger/claims.ts';
import { fetchShared, type Hub } from '../../src/ledger/sharing.ts';
import { gitIn, newLedger } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };

const claims = suite('readClaims');

claims('passes over what somebody pushed that says nothing, and reads the others', async () => {
  const there = join(temporary(), 'hub.git');
  await output(['git', 'init', '-q', '--bare', there]);
  const ledger = await newLedger();
  const { repository, now } = ledger;
  await gitIn(ledger, 'remote', 'add', 'origin', there);
  const claim = await pushClaim(repository, hub, { bead: 'gt-a', agent: 'shop/nux', duration: 60_000 }, undefined, now());
  const tree = await gitIn(ledger, 'rev-parse', 'refs/beads/main^{tree}');
  for (const [bead, body] of [['gt-b', '{"replica":"aaaaaa",'], ['gt-c', 'mine'], ['gt-d', '[]'], ['gt-e', '{"replica":"aaaaaa"}']]) {
    await gitIn(ledger, 'push', '-q', 'origin', `${await gitIn(ledger, '-c', 'user.name=x', '-c', 'user.email=x@y.z', 'commit-tree', tree, '-m', `Claim ${bead}\n\n${body}`)}:refs/claims/${bead}`);
  }
  await fetchShared(repository, hub);
  await noteSigns(repository, hub, now());
  assert.equal(await readClaims(repository, hub), [{ ...claim, silent: 0 }]);
});

claims.run();
