import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { differencesOf } from '../../src/actions/witness.ts';
import { garageFile } from '../helpers/garage.ts';
import { programs } from '../helpers/programs.ts';
import { realLedgers } from '../helpers/real-ledgers.ts';
import { skip } from '../helpers/skip.ts';
import { output, run, type Ran } from '../helpers/temporary.ts';
import { git, gtOutput, soloTown } from '../helpers/town.ts';

const largest = [...realLedgers.map(({ path }) => path), garageFile].sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? garageFile;

/** A town that took in a ledger, wrote to it, and keeps settings. */
async function busyTown(): Promise<string> {
  const town = await soloTown();
  await gtOutput(town, ['import', '--quiet', largest]);
  await gtOutput(town, ['create', 'Tune the horn']);
  await gtOutput(town, ['config', 'set', 'scheduler.max_polecats', '4']);
  return town;
}

interface Said {
  readonly witness: string;
  readonly records: number;
  readonly differences: readonly unknown[];
}

async function verify(town: string, witness: string, argv = programs[0]?.argv ?? [], env: Readonly<Record<string, string>> = {}): Promise<Ran & { readonly said: readonly Said[] }> {
  const ran = await run([...argv, 'ledger', 'verify', '--witness', witness, '--json', '--quiet'], { cwd: town, env });
  return { ...ran, said: ran.stdout === '' ? [] : (JSON.parse(ran.stdout) as Said[]) };
}

const [native, bundle] = programs;
const nodegit = process.env.GASTOWN_TEST_NODEGIT;
const witness = suite('a witness');
const town = await busyTown();
const lines = (await output(['sh', '-c', 'git archive refs/beads/main beads settings | tar -xO | wc -l'], { cwd: town })).trim();

for (const name of ['git', 'isomorphic-git']) {
  witness(`reads every record as we do: ${name}`, async () => {
    for (const program of name === 'git' ? [native] : [native, bundle]) {
      const { code, said, stderr } = await verify(town, name, program?.argv);
      assert.equal([code, said.map(({ differences, records }) => [records, differences])], [0, [[Number(lines), []]]], stderr);
    }
  });
}

if (nodegit === undefined) skip(witness, 'reads every record as we do: nodegit', 'GASTOWN_TEST_NODEGIT names no folder with nodegit in it');
else {
  witness('reads every record as we do: nodegit', async () => {
    const { code, said, stderr } = await verify(town, 'nodegit', bundle?.argv, { NODE_PATH: nodegit });
    assert.equal([code, said.map(({ differences, records }) => [records, differences])], [0, [[Number(lines), []]]], stderr);
  });
}

witness('that is not here is asked for in one sentence', async () => {
  const byNative = await verify(town, 'nodegit', native?.argv);
  assert.equal([byNative.code, (JSON.parse(byNative.stderr) as { error: string }).error], [1, 'the native build cannot load nodegit']);
  const byNode = await verify(town, 'nodegit', bundle?.argv);
  const { error, hint } = JSON.parse(byNode.stderr) as { error: string; hint: string };
  assert.equal([byNode.code, error, hint.startsWith('npm install nodegit@')], [1, 'nodegit is not installed', true]);
});

witness('may read what another commit holds, and only that', async () => {
  const before = await git(town, ['rev-parse', 'refs/beads/main']);
  await gtOutput(town, ['create', 'Polish the horn']);
  const { said } = await verify(town, 'isomorphic-git');
  assert.is(said[0]?.records, Number(lines) + 1);
  await git(town, ['update-ref', 'refs/beads/main', before]);
});

witness.run();

const differences = suite('differencesOf');

differences('names every record that is read otherwise, and in which keys', () => {
  const there = (text: string): { text: string; at: string } => ({ text, at: 'beads/00/00.jsonl, line 1' });
  const ours = new Map([['gt-a', '{"id":"gt-a","n":1}'], ['gt-b', '{"id":"gt-b"}'], ['gt-c', '{"id":"gt-c"}']]);
  const theirs = new Map([['gt-a', there('{"id":"gt-a","m":0,"n":2}')], ['gt-b', there('{"id":"gt-b"}')], ['gt-d', there('{"id":"gt-d"}')]]);
  assert.equal(differencesOf(ours, theirs), [
    { record: 'gt-a', kind: 'different', at: 'beads/00/00.jsonl, line 1', keys: ['m', 'n'] },
    { record: 'gt-c', kind: 'only here' },
    { record: 'gt-d', kind: 'only there', at: 'beads/00/00.jsonl, line 1' },
  ]);
});

differences.run();
