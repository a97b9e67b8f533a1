import * as fs from 'node:fs';
import { readFileSync } from 'node:fs';
import git from 'isomorphic-git';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importBeads } from '../../src/actions/import.ts';
import { canonical } from '../../src/base/jsonl.ts';
import { close } from '../../src/domain/closing.ts';
import { edit } from '../../src/domain/content.ts';
import { openSnapshot } from '../../src/ledger/read.ts';
import type { Town } from '../../src/town.ts';
import { garageFile, nux } from '../helpers/garage.ts';
import { ace, gitIn, newLedger, write } from '../helpers/ledger.ts';

const witness = suite('another implementation of git');

witness('reads the beads that we wrote', async () => {
  const ledger = { ...(await newLedger()), prefixes: ['garage'] };
  const town: Town = { kind: 'town', name: 'garage', root: ledger.repository.gitDir, hq: ledger, rigs: [], missing: [], owner: { name: 'Ace', email: 'ace@citadel.example' }, now: ledger.now };
  await importBeads({ town, who: ace, cwd: ledger.repository.gitDir }, readFileSync(garageFile, 'utf8'), 'beads.jsonl', { rig: undefined, dryRun: false, progress: () => {} });
  await write(ledger, (view) => edit(view, 'garage-horn', { title: 'Tune the horn to D flat' }, nux));
  await write(ledger, (view) => close(view, 'garage-hoses', { reason: 'traded' }, nux));

  const gitdir = ledger.repository.gitDir;
  const oid = await git.resolveRef({ fs, gitdir, ref: 'refs/beads/main' });
  const read: unknown[] = [];
  const walk = async (tree: string): Promise<void> => {
    for (const entry of (await git.readTree({ fs, gitdir, oid: tree })).tree) {
      if (entry.type === 'tree') await walk(entry.oid);
      else read.push(...Buffer.from((await git.readBlob({ fs, gitdir, oid: entry.oid })).blob).toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown));
    }
  };
  const beads = (await git.readTree({ fs, gitdir, oid, filepath: 'beads' })).oid;
  await walk(beads);

  const snapshot = await openSnapshot(ledger);
  const ours = await snapshot.ask((view) => [...view.all()].map(({ id }) => view.stored(id)));
  assert.is(ours.length, 12);
  const lines = ours.map((stored) => canonical({ ...stored?.bead, clock: stored?.clock })).sort();
  assert.equal(read.map(canonical).sort(), lines);
  const [last] = await git.log({ fs, gitdir, ref: 'refs/beads/main', depth: 1 });
  assert.is(last?.commit.author.name, 'ace');
  assert.is(await gitIn(ledger, 'fsck', '--strict'), '');
});

witness.run();
