import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Gate, GateRun } from '../../src/domain/gate.ts';
import { readNotes, writeNote } from '../../src/git/notes.ts';
import { allVerdicts, foldVerdicts, gatesRef, readVerdicts, writeVerdict } from '../../src/ledger/verdicts.ts';
import { ace, gitIn, newLedger } from '../helpers/ledger.ts';

const person = { name: 'ace', email: 'ace@citadel.example', epochSeconds: 1_777_000_000, zone: '+0000' };
const fetched = 'refs/beads-remotes/origin/notes/gates';
const weld: Gate = { name: 'weld', command: 'make weld', timeout: 60_000, required: true };
const run = (minute: number, verdict: GateRun['verdict']): GateRun => ({ verdict, started: `2026-05-01T08:0${minute}:00Z`, milliseconds: 5, tail: '', signer: 'ace' });

const verdicts = suite('verdicts');

verdicts('keep the lines of whoever else writes on a note, and make nothing of them', async () => {
  const ledger = await newLedger();
  const { repository } = ledger;
  const tree = await gitIn(ledger, 'rev-parse', 'refs/beads/main^{tree}');
  await writeNote(repository, gatesRef, tree, () => 'looks good to me\n{"by":"nux"}\n', person);
  await writeVerdict(repository, tree, weld, 'here', run(1, 'pass'), person);
  assert.equal((await readVerdicts(repository, tree)).map(({ gate, attempts }) => [gate, attempts]), [['weld', [run(1, 'pass')]]]);
  assert.equal((await readNotes(repository, gatesRef, tree))?.split('\n').slice(1), ['looks good to me', '{"by":"nux"}', '']);
  assert.is((await allVerdicts(repository)).length, 1);
});

verdicts('are joined run by run, whatever stands beside them', async () => {
  const ledger = await newLedger();
  const { repository } = ledger;
  const tree = await gitIn(ledger, 'rev-parse', 'refs/beads/main^{tree}');
  await writeVerdict(repository, tree, weld, 'here', run(2, 'pass'), person);
  const { digest } = (await readVerdicts(repository, tree))[0]!;
  const theirs = { gate: 'weld', digest, environment: 'here', attempts: [run(1, 'fail'), run(2, 'pass')] };
  await writeNote(repository, fetched, tree, () => `<<<<<<< notes\n${JSON.stringify(theirs)}\n`, person);
  for (let round = 0; round < 2; round += 1) {
    await foldVerdicts(repository, [fetched], ace, Date.parse('2026-05-01T09:00:00Z'));
    assert.equal((await readVerdicts(repository, tree)).map(({ attempts }) => attempts), [[run(1, 'fail'), run(2, 'pass')]]);
    assert.equal((await readNotes(repository, gatesRef, tree))?.split('\n').slice(1), ['<<<<<<< notes', '']);
  }
});

verdicts.run();
