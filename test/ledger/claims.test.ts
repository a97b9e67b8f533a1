import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClaimUnreadable, noteSigns, pushClaim, readClaims } from '../../src/ledger/claims.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { fetchShared, type Hub } from '../../src/ledger/sharing.ts';
import { refusal } from '../helpers/garage.ts';
import { gitIn, loseObject, newLedger } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';

const hub: Hub = { remote: 'origin', namespace: 'beads' };

/** A ledger with a hub, where strangers have pushed what says nothing of whom it is about. */
async function littered(): Promise<{ readonly ledger: Ledger; readonly strange: readonly string[] }> {
  const there = join(temporary(), 'hub.git');
  await output(['git', 'init', '-q', '--bare', there]);
  const ledger = await newLedger();
  await gitIn(ledger, 'remote', 'add', 'origin', there);
  const [tree, blob] = [await gitIn(ledger, 'rev-parse', 'refs/beads/main^{tree}'), await gitIn(ledger, 'rev-parse', 'refs/beads/main:format.json')];
  const push = (object: string, bead: string): Promise<string> => gitIn(ledger, 'push', '-q', 'origin', `${object.trim()}:refs/claims/${bead}`);
  for (const [bead, body] of [['gt-b', '{"replica":"aaaaaa",'], ['gt-c', 'mine'], ['gt-d', '[]'], ['gt-e', '{"replica":"aaaaaa"}']] as const) {
    await push(await gitIn(ledger, '-c', 'user.name=Rictus', '-c', 'user.email=rictus@citadel.example', 'commit-tree', tree.trim(), '-m', `Claim ${bead}\n\n${body}`), bead);
  }
  await push(blob, 'gt-f');
  return { ledger, strange: ['gt-b', 'gt-c', 'gt-d', 'gt-e', 'gt-f'] };
}

const wish = (bead: string) => ({ bead, agent: 'shop/nux', duration: 60_000 });

const claims = suite('readClaims');

claims('passes over what somebody pushed that says nothing, and reads the others', async () => {
  const { ledger } = await littered();
  const { repository, now } = ledger;
  const claim = await pushClaim(repository, hub, wish('gt-a'), undefined, now());
  await fetchShared(repository, hub);
  await noteSigns(repository, hub, now());
  assert.equal(await readClaims(repository, hub), [{ ...claim, silent: 0 }]);
});

claims('take back what a clock that goes back had said to have gone by', async () => {
  const { ledger } = await littered();
  const { repository, now } = ledger;
  await pushClaim(repository, hub, wish('gt-a'), undefined, now());
  await fetchShared(repository, hub);
  const silence = async (...times: readonly number[]): Promise<unknown> => {
    for (const at of times) await noteSigns(repository, hub, now() + at);
    return (await readClaims(repository, hub)).map(({ silent }) => silent);
  };
  const hour = 3_600_000;
  assert.equal([await silence(0, 50_000), await silence(...[1, 2, 3, 4].flatMap((look) => [hour, 50_000 + look]), 60_000)], [[50_000], [59_996]]);
});

claims('takes a claim whose object is lost neither for none nor for a stranger\'s', async () => {
  const { ledger } = await littered();
  const { repository, now } = ledger;
  const { token } = await pushClaim(repository, hub, wish('gt-a'), undefined, now());
  await loseObject(ledger, token);
  for (const look of [() => readClaims(repository, hub), () => pushClaim(repository, hub, wish('gt-a'), undefined, now())]) {
    const failure = await look().then(() => undefined, (error: unknown) => error);
    assert.ok(refusal('object.missing')(failure), String(failure));
  }
});

claims.run();

const taking = suite('pushClaim');

taking('says who has pushed what nobody can read, and how it is taken away, after which the bead may be claimed', async () => {
  const { ledger, strange } = await littered();
  const { repository, now } = ledger;
  await fetchShared(repository, hub);
  for (const bead of strange) {
    const failure = await pushClaim(repository, hub, wish(bead), undefined, now()).catch((error: unknown) => error);
    assert.instance(failure, ClaimUnreadable);
    const who = bead === 'gt-f' ? 'somebody' : 'Rictus <rictus@citadel.example>';
    assert.match((failure as ClaimUnreadable).message, `what ${who} pushed to refs/claims/${bead} on origin is no claim`);
    const [command = ''] = ((failure as ClaimUnreadable).hint ?? '').split(' (');
    await gitIn(ledger, ...command.split(' ').slice(1), '-q');
    await fetchShared(repository, hub);
    assert.is((await pushClaim(repository, hub, wish(bead), undefined, now())).bead, bead);
  }
});

taking.run();
