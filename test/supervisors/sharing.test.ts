import fc from 'fast-check';
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSharing, writeSharing } from '../../src/actions/sharing-state.ts';
import { sharedLedgers, syncTown } from '../../src/actions/sync.ts';
import { pushClaim } from '../../src/ledger/claims.ts';
import { readEvents } from '../../src/ledger/events.ts';
import { readState } from '../../src/ledger/ledger.ts';
import { LockBusy } from '../../src/ledger/lock.ts';
import { due, syncIfDue, troubleIn, type SharingSight } from '../../src/supervisors/sharing.ts';
import { openTown } from '../../src/town.ts';
import { ace, newLedger } from '../helpers/ledger.ts';
import { git, gtOutput, project } from '../helpers/town.ts';
import { temporary } from '../helpers/temporary.ts';

const now = 1_780_000_000_000;

function sight(extra: Partial<SharingSight> = {}): SharingSight {
  return { triedAt: now, failures: 0, replicas: 0, pushes: [], trouble: undefined, news: true, interval: 10_000, pushesPerMinute: 6, ...extra };
}

const sharing = suite('the next round of sharing');

sharing('is due after the interval, times the clones that write', () => {
  assert.is(due(sight()), now + 10_000);
  assert.is(due(sight({ replicas: 7 })), now + 80_000);
});

sharing('is due at half a minute while there is nothing to tell', () => {
  assert.is(due(sight({ news: false })), now + 30_000);
  assert.is(due(sight({ news: false, interval: 300_000 })), now + 300_000);
});

sharing('waits until the minute has room for one more push', () => {
  const pushes = [1, 2, 3, 4, 5, 6].map((second) => now - 30_000 + second * 1000);
  assert.is(due(sight({ pushes, interval: 1 })), now - 29_000 + 60_000);
});

sharing('comes ever more rarely while the remote does not answer, and never later than after six minutes and a quarter', () => {
  const waits = [1, 2, 3, 4, 20].map((failures) => due(sight({ failures })) - now);
  assert.ok(waits.every((wait, index) => index === 0 || wait > waits[index - 1]!), waits.join());
  assert.ok(waits.at(-1)! <= 375_000);
  assert.is.not(due(sight({ failures: 3 })) - now, due(sight({ failures: 3, triedAt: now + 500 })) - now - 500);
});

sharing('is due at once where the clock was ahead at the last one', async () => {
  const { repository } = await newLedger({ time: now });
  const ahead = now + 86_400_000;
  writeSharing(repository, { triedAt: ahead, failures: 0, replicas: 0, pushes: [ahead, ahead, ahead, ahead, ahead, ahead], trouble: undefined });
  for (const news of [true, false]) assert.ok(due(sight({ ...readSharing(repository, now), news })) <= now);
});

sharing('lets no more pushes through in any minute than it may, whenever there is news', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20_000 }), (pushesPerMinute, interval) => {
      let pushes: number[] = [];
      let at = now;
      for (let round = 0; round < 40; round += 1) {
        at = due(sight({ triedAt: at, pushes, interval, pushesPerMinute }));
        pushes = [...pushes.filter((earlier) => earlier > at - 60_000), at];
        assert.ok(pushes.length <= pushesPerMinute);
      }
    }),
  );
});

sharing.run();

const behind = suite('what cannot be done behind a round of sharing');

/** A project that is a town by itself, and the bare hub that it shares its ledger by. */
async function sharedProject(): Promise<{ readonly path: string; readonly hub: string }> {
  const path = await project();
  const hub = join(temporary(), 'shop.git');
  await git('/', ['clone', '-q', '--bare', path, hub]);
  await git(path, ['remote', 'add', 'origin', hub]);
  await gtOutput(path, ['init', '--quiet', '--no-gate', '--remote', 'origin']);
  return { path, hub };
}

behind('does not hide why nothing could be shared', async () => {
  const { path, hub } = await sharedProject();
  const town = openTown(path, () => now);
  mkdirSync(join(town.hq.repository.commonDir, 'gastown/sync.json'));
  rmSync(hub, { recursive: true });
  try {
    await syncTown(town, ace, { progress: () => {} });
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'remote.unreachable');
  }
});

behind('is told, and holds up neither what was shared nor the look after claims', async () => {
  const { path } = await sharedProject();
  const town = openTown(path, () => now);
  const { repository } = town.hq;
  const damage = 'commit refs/beads/main\ncommitter a <a@b> 1 +0000\ndata 1\nx\nfrom refs/beads/main^0\nM 100644 inline settings/ids.json\ndata 1\n{\n';
  await git(path, ['fast-import', '--quiet'], { input: damage });
  const head = await git(path, ['rev-parse', 'refs/beads/main']);
  // No room for what a round remembers of itself.
  const state = join(repository.commonDir, 'gastown/sync.json');
  mkdirSync(state);
  const { ledgers, failures } = await syncTown(town, ace, { progress: () => {} });
  const of = (left: readonly string[] = []): string[] => left.map((why) => why.split(':')[0]!);
  assert.equal([failures, ledgers[0]?.pushed, of(ledgers[0]?.left)], [[], true, ['remembering how it went', 'learning the prefixes of its beads']]);
  assert.match(ledgers[0]?.left.at(-1) ?? '', /\(try: .+\)$/);
  assert.is((await git(path, ['ls-remote', 'origin', 'refs/beads/main'])).split('\t')[0], head);

  rmdirSync(state);
  const [shared] = await sharedLedgers(town);
  await pushClaim(repository, shared!.hub, { bead: 'shop-a', agent: 'ace', duration: 1000 }, undefined, now);
  await syncIfDue({ ...town, now: () => now + 3_600_000 }, shared!, new AbortController().signal);
  assert.ok(readState(repository, 'claims.json'));
  assert.equal((await readEvents(town.hq, 9)).filter(({ kind }) => kind === 'patrol.failed').map(({ agent, data }) => [agent, data?.['code']]), [['upkeep', 'sync.upkeep-left']]);
});

behind('is no trouble where somebody else was only faster', () => {
  const busy = { why: 'learning: locked', error: new LockBusy('/locks/town', undefined) };
  const wrong = { why: 'noting: no room', error: new Error('no room') };
  assert.is(troubleIn([]), undefined);
  assert.is(troubleIn([busy]), busy.error);
  const trouble = troubleIn([busy, wrong]);
  assert.equal([trouble?.code, trouble?.data['left'], trouble?.hint], ['sync.upkeep-left', ['noting: no room'], 'gt doctor']);
});

behind('is what the engine tells where a ledger there cannot be taken in, once', async () => {
  const { path, hub } = await sharedProject();
  await gtOutput(path, ['sync', '--quiet']);
  const garbage = 'commit refs/beads/replicas/zzzzz1\ncommitter a <a@b> 1 +0000\ndata 1\nx\nfrom refs/beads/main^0\nM 100644 inline beads/00/00.jsonl\ndata 8\nno bead\n\n';
  await git(hub, ['fast-import', '--quiet'], { input: garbage });
  const town = openTown(path, () => now + 3_600_000);
  const [shared] = await sharedLedgers(town);
  for (const hours of [1, 2]) await syncIfDue({ ...town, now: () => now + hours * 3_600_000 }, shared!, new AbortController().signal);
  const failed = (await readEvents(town.hq, 9)).filter(({ kind }) => kind === 'patrol.failed').map(({ agent, data }) => [agent, data?.['code'], /replicas\/zzzzz1/.test(String(data?.['message']))]);
  assert.equal(failed, [['arrivals', 'sync.not-taken-in', true]]);
});

behind.run();
