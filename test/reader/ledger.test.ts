import * as fs from 'node:fs';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importBeads } from '../../src/actions/import.ts';
import { canonical } from '../../src/base/jsonl.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { remove } from '../../src/domain/closing.ts';
import { setSetting } from '../../src/domain/setting.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { consult } from '../../src/ledger/read.ts';
import { openLedger } from '../../src/reader/ledger.ts';
import type { Town } from '../../src/town.ts';
import { garageFile, nux, refusal } from '../helpers/garage.ts';
import { ace, gitIn, newLedger, write } from '../helpers/ledger.ts';
import { readyIn, type Line } from '../helpers/readiness.ts';
import { noRealLedgers, realLedgers } from '../helpers/real-ledgers.ts';
import { skip } from '../helpers/skip.ts';
import { output, temporary } from '../helpers/temporary.ts';

/** A ledger that a file was imported into. */
async function ledgerOf(path: string): Promise<Ledger> {
  const ledger = await newLedger();
  const { gitDir } = ledger.repository;
  fs.mkdirSync(join(gitDir, 'gastown'), { recursive: true });
  fs.writeFileSync(join(gitDir, 'gastown/town.json'), JSON.stringify({ version: 1, kind: 'town', name: 'garage', root: gitDir, owner: {}, rigs: {} }));
  const town: Town = { kind: 'town', name: 'garage', root: gitDir, hq: ledger, rigs: [], missing: [], owner: { name: 'Ace', email: 'ace@citadel.example' }, now: ledger.now };
  await importBeads({ town, who: ace, cwd: gitDir }, readFileSync(path, 'utf8'), 'beads.jsonl', { rig: undefined, dryRun: false, progress: () => {} });
  return ledger;
}

async function ours(ledger: Ledger): Promise<Bead[]> {
  return (await consult(ledger, (view) => [...view.all()])).filter(({ status }) => status !== 'tombstone');
}

const reader = suite('the reader without git');

for (const { name, path } of [{ name: 'garage', path: garageFile }, ...realLedgers]) {
  reader(`reads every bead as we do, and finds the same ones ready: ${name}`, async () => {
    const ledger = await ledgerOf(path);
    const read = await openLedger({ fs, dir: ledger.repository.gitDir });
    const beads = [...(await read.all()).all()];
    assert.equal(beads.map(canonical).sort(), (await ours(ledger)).map(canonical).sort());
    const now = Date.now();
    const lines = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
    assert.equal((await read.ready(now)).map(({ id }) => id).sort(), readyIn(lines, now));
    assert.is((await read.open()).length, beads.filter(({ status }) => status !== 'closed' && status !== 'pinned').length);
    const some = beads.at(-1);
    assert.equal(await read.bead(some?.id ?? ''), some);
  });
}

if (realLedgers.length === 0) skip(reader, 'reads every bead as we do: ledgers of real projects', noRealLedgers);

reader('knows neither deleted beads nor such as there never were', async () => {
  const ledger = await ledgerOf(garageFile);
  await write(ledger, (view) => remove(view, 'garage-horn', { reason: 'sold', force: true }, nux));
  const read = await openLedger({ fs, dir: ledger.repository.gitDir });
  assert.equal([await read.bead('garage-horn'), await read.bead('garage-zzzzz'), (await read.bead('garage-frame'))?.title], [undefined, undefined, 'Straighten the frame']);
});

reader('reads settings, packed refs, worktrees, and one commit by its id', async () => {
  const ledger = await ledgerOf(garageFile);
  const { gitDir } = ledger.repository;
  const before = await gitIn(ledger, 'rev-parse', ledger.ref);
  await write(ledger, (view) => setSetting(view.settings('config'), 'config', 'merge_queue.enabled', true));
  await gitIn(ledger, 'pack-refs', '--all');
  const tree = join(temporary(), 'tree');
  await output(['git', '-C', gitDir, 'worktree', 'add', '-q', '--no-checkout', '--detach', tree, ledger.ref]);
  for (const dir of [gitDir, tree]) {
    const read = await openLedger({ fs, dir });
    assert.equal([await read.settings('config'), await read.settings('rigs'), read.prefixes], [{ merge_queue: { enabled: true } }, {}, ['gt', 'garage']]);
  }
  assert.equal(await (await openLedger({ fs, dir: gitDir, ref: before })).settings('config'), {});
});

reader('tells a missing ledger from a damaged one, and never takes either for an empty one', async () => {
  const ledger = await ledgerOf(garageFile);
  const { gitDir } = ledger.repository;
  const refused = async (code: string, ask: () => Promise<unknown>): Promise<void> => {
    const error: unknown = await ask().then(() => undefined, (thrown: unknown) => thrown);
    assert.ok(refusal(code)(error), String(error));
  };
  await refused('ledger.missing', () => openLedger({ fs, dir: gitDir, ref: 'refs/beads/other' }));
  const good = await openLedger({ fs, dir: gitDir });
  const oid = await gitIn(ledger, 'rev-parse', `${ledger.ref}:beads`);
  await output(['sh', '-c', `mkdir aside && mv objects/pack/* aside/ && for pack in aside/*.pack; do git unpack-objects -q <"$pack"; done`], { cwd: gitDir });
  const shard = (await gitIn(ledger, 'ls-tree', '-r', oid)).split(/\s/)[2] ?? '';
  rmSync(join(gitDir, 'objects', shard.slice(0, 2), shard.slice(2)));
  await refused('ledger.unreadable', async () => (await openLedger({ fs, dir: gitDir })).all());
  assert.is(good.commit, await gitIn(ledger, 'rev-parse', ledger.ref));
});

reader('never takes a ledger for missing that it cannot read', async () => {
  const ledger = await ledgerOf(garageFile);
  const { gitDir } = ledger.repository;
  const said = async (ref: string): Promise<string> => {
    const error: unknown = await openLedger({ fs, dir: gitDir, ref }).then(() => undefined, (thrown: unknown) => thrown);
    assert.ok(refusal('ledger.unreadable')(error), String(error));
    return (error as Error).message;
  };
  await gitIn(ledger, 'symbolic-ref', 'refs/beads/one', 'refs/beads/two');
  await gitIn(ledger, 'symbolic-ref', 'refs/beads/two', 'refs/beads/one');
  assert.match(await said('refs/beads/one'), 'the ledger at refs/beads/one cannot be read');
  const config = readFileSync(join(gitDir, 'config'), 'utf8');
  for (const [extension, why] of [['refStorage = reftable', 'keeps its refs in a reftable'], ['objectFormat = sha256', 'keeps its objects by SHA-256']]) {
    fs.writeFileSync(join(gitDir, 'config'), `${config}[extensions]\n\t${extension}\n`);
    assert.match(await said('refs/beads/other'), `${why}, which only git itself can read`);
  }
});

reader.run();
