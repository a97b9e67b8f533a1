import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gt, gtJson, gtOutput, soloTown } from '../helpers/town.ts';

interface Listed {
  readonly title: string;
}

const past = suite('--at');

past('answers every question about beads as it was at a commit', async () => {
  const town = await soloTown();
  const weld = await gtOutput(town, ['create', 'Weld the pod', '-l', 'hot', '--silent']);
  const paint = await gtOutput(town, ['create', 'Paint the pod', '--silent']);
  await gtOutput(town, ['dep', 'add', paint, weld]);
  await gtOutput(town, ['comment', paint, 'chrome']);
  const commit = (await gtOutput(town, ['history', paint, '--json'])).match(/"commit": "([0-9a-f]{40})"/g)?.at(-1)?.slice(11, 51) ?? '';
  const questions: readonly (readonly string[])[] = [
    ['show', paint, weld], ['list'], ['list', '--all'], ['ready'], ['ready', '--explain'], ['blocked'], ['search', 'pod'], ['count', '--by-status'], ['stats'], ['dep', 'list', paint], ['dep', 'tree', paint], ['dep', 'cycles'],
    ['label', 'list', weld], ['label', 'list-all'], ['comments', paint], ['export'],
  ];
  const ask = (more: readonly string[]): Promise<unknown[]> => Promise.all(questions.map((words) => gtJson<unknown>(town, [...words, ...more])));
  const then = await ask([]);
  await gtOutput(town, ['close', weld, '-r', 'done']);
  await gtOutput(town, ['label', 'remove', weld, 'hot']);
  await gtOutput(town, ['update', paint, '--title', 'Spray the pod', '-p', '0']);
  await gtOutput(town, ['comment', paint, 'or rust']);
  assert.equal(await ask(['--at', commit]), then);
  const now = await ask([]);
  for (const [index, question] of questions.entries()) if (question.join(' ') !== 'dep cycles') assert.not.equal(now[index], then[index], question.join(' '));
  assert.equal((await gtJson<Listed[]>(town, ['list', '--at', 'tomorrow'])).map(({ title }) => title), ['Spray the pod']);
});

past('says when the ledger began, what is no moment, and that nobody works in the past', async () => {
  const town = await soloTown();
  const refusals = await Promise.all([['list', '--at', '1d'], ['list', '--at', 'deadbeef'], ['list', '--at', 'soon'], ['ready', '--claim', '--at', '1h']].map((words) => gt(town, words)));
  assert.equal(refusals.map(({ code }) => code), [1, 1, 2, 2]);
  assert.match(refusals[0]!.stderr, /the ledger for \w+, hq began at 20\S+Z, after/);
  assert.match(refusals[1]!.stderr, /no ledger of the town has a commit deadbeef/);
});

past.run();
