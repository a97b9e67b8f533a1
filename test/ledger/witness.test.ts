import * as fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importBeads } from '../../src/actions/import.ts';
import { canonical } from '../../src/base/jsonl.ts';
import { close } from '../../src/domain/closing.ts';
import { edit } from '../../src/domain/content.ts';
import type { Bead } from '../../src/domain/bead.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openSnapshot } from '../../src/ledger/read.ts';
import type { Town } from '../../src/town.ts';
import { garageFile, nux } from '../helpers/garage.ts';
import { ace, gitIn, newLedger, write } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';

/** A ledger that was imported into and then written to. */
async function busyLedger(): Promise<Ledger> {
  const ledger = { ...(await newLedger()), prefixes: ['garage'] };
  const town: Town = { kind: 'town', name: 'garage', root: ledger.repository.gitDir, hq: ledger, rigs: [], missing: [], owner: { name: 'Ace', email: 'ace@citadel.example' }, now: ledger.now };
  await importBeads({ town, who: ace, cwd: ledger.repository.gitDir }, readFileSync(garageFile, 'utf8'), 'beads.jsonl', { rig: undefined, dryRun: false, progress: () => {} });
  await write(ledger, (view) => edit(view, 'garage-horn', { title: 'Tune the horn to D flat' }, nux));
  await write(ledger, (view) => close(view, 'garage-hoses', { reason: 'traded' }, nux));
  return ledger;
}

/** Every record as we read it, in canonical lines, sorted. */
async function ours(ledger: Ledger): Promise<string[]> {
  const snapshot = await openSnapshot(ledger);
  const records = await snapshot.ask((view) => [...view.all()].map(({ id }) => view.stored(id)));
  await snapshot.close();
  return records.map((stored) => canonical({ ...stored?.bead, clock: stored?.clock })).sort();
}

/** Every record as isomorphic-git reads it. */
async function theirs({ repository: { gitDir: gitdir } }: Ledger): Promise<string[]> {
  const read: string[] = [];
  const walk = async (oid: string): Promise<void> => {
    for (const entry of (await git.readTree({ fs, gitdir, oid })).tree) {
      if (entry.type === 'tree') await walk(entry.oid);
      else read.push(...Buffer.from((await git.readBlob({ fs, gitdir, oid: entry.oid })).blob).toString('utf8').trim().split('\n'));
    }
  };
  const oid = await git.resolveRef({ fs, gitdir, ref: 'refs/beads/main' });
  await walk((await git.readTree({ fs, gitdir, oid, filepath: 'beads' })).oid);
  return read.map((line) => canonical(JSON.parse(line))).sort();
}

/** The states that git may keep a repository in. */
const states: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'as it was written': [],
  'with every object loose': [['sh', '-c', 'mkdir aside && mv objects/pack/* aside/ 2>/dev/null; for pack in aside/*.pack; do git unpack-objects -q <"$pack"; done']],
  'with everything packed': [['git', 'repack', '-adq'], ['git', 'prune-packed', '-q'], ['git', 'pack-refs', '--all']],
};

const witness = suite('another implementation of git');

for (const [state, commands] of Object.entries(states)) {
  witness(`reads the beads that we wrote, ${state}`, async () => {
    const ledger = await busyLedger();
    for (const command of commands) await output(command, { cwd: ledger.repository.gitDir });
    const lines = await ours(ledger);
    assert.is(lines.length, 12);
    assert.equal(await theirs(ledger), lines);
    const [last] = await git.log({ fs, gitdir: ledger.repository.gitDir, ref: 'refs/beads/main', depth: 1 });
    assert.is(last?.commit.author.name, 'ace');
    assert.is(await gitIn(ledger, 'fsck', '--strict'), '');
    await write(ledger, (view) => edit(view, 'garage-horn', { priority: 0 }, nux));
    assert.equal(await theirs(ledger), await ours(ledger));
  });
}

witness.run();

const plain = suite('plain git');

plain('finds the open beads', async () => {
  const ledger = await busyLedger();
  const found = await gitIn(ledger, 'grep', '-h', '"status":"open"', 'refs/beads/main', '--', 'beads');
  assert.equal(found.split('\n').sort(), (await ours(ledger)).filter((line) => (JSON.parse(line) as Bead).status === 'open'));
});

plain('takes all beads out as JSON Lines, each as canonical as it is kept', async () => {
  const ledger = await busyLedger();
  const text = await output(['sh', '-c', 'git archive refs/beads/main beads | tar -xO'], { cwd: ledger.repository.gitDir });
  assert.equal(text.split('\n').sort(), await ours(ledger));
});

plain('tells what happened', async () => {
  const log = await gitIn(await busyLedger(), 'log', '--format=%an: %s (%(trailers:key=Bead,valueonly,separator=%x2C))', '-2', 'refs/beads/main');
  assert.equal(log.split('\n'), ['ace: Write (garage-hoses)', 'ace: Write (garage-horn)']);
});

plain('fetches a ledger into any clone, and finds it there', async () => {
  const ledger = await busyLedger();
  const clone = join(temporary(), 'clone');
  await output(['git', 'clone', '-q', ledger.repository.gitDir, clone]);
  await output(['git', 'fetch', '-q', 'origin', 'refs/beads/*:refs/beads/*'], { cwd: clone });
  const found = await output(['git', 'grep', '-h', '"id":"garage-horn"', 'refs/beads/main', '--', 'beads'], { cwd: clone });
  assert.is((JSON.parse(found) as Bead).title, 'Tune the horn to D flat');
});

plain.run();
