import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shaped, toJson } from '../../src/cli/output.ts';
import { table, tableLines, type Column } from '../../src/cli/table.ts';

const plain = (text: string): string => text;

interface Polecat {
  readonly name: string;
  readonly task: string;
  readonly done: number;
}

const polecats: Polecat[] = [
  { name: 'furiosa', task: 'fix 夜 the 👩‍🚀 login', done: 7 },
  { name: 'nux', task: 'a\nb \u001b[31m\u202e', done: 12 },
];

const columns: Column<Polecat>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'TASK', cell: ({ task }) => task, shrink: true },
  { title: 'DONE', cell: ({ done }) => done, align: 'right' },
];

const tables = suite('table');

tables('aligns by what is seen', () => {
  assert.equal(
    [...tableLines(table(polecats, columns), undefined, plain)],
    ['NAME     TASK                  DONE', 'furiosa  fix 夜 the 👩‍🚀 login      7', 'nux      a b \\u001b[31m\\u202e    12'],
  );
});

tables('gives way where the terminal is narrow', () => {
  assert.equal(
    [...tableLines(table(polecats, columns), 30, plain)],
    ['NAME     TASK             DONE', 'furiosa  fix 夜 the 👩‍🚀 …     7', 'nux      a b \\u001b[31m…    12'],
  );
});

tables('never cuts in a pipe', () => {
  const long = [{ name: 'x'.repeat(500), task: '', done: 0 }];
  assert.ok([...tableLines(table(long, columns), undefined, plain)][1]!.startsWith('x'.repeat(500)));
});

tables('says nothing where there is nothing', () => {
  assert.equal([...tableLines(table([], columns), 80, plain)], []);
});

tables('colours whole cells, after they were measured', () => {
  const toned = table(polecats, [{ title: 'NAME', cell: ({ name }: Polecat) => name, tone: () => 'good' as const }], { titles: false });
  assert.equal([...tableLines(toned, 80, (text, tone) => `<${tone}>${text}`)], ['<good>furiosa', '<good>nux']);
});

tables.run();

const json = suite('--json');

json('has the shapes that readers of bd expect', () => {
  assert.equal(shaped([{ id: 'gt-1' }], false), [{ id: 'gt-1' }]);
  assert.equal(shaped({ id: 'gt-1' }, false), { schema_version: 1, id: 'gt-1' });
  assert.equal(shaped([1], true), { schema_version: 1, data: [1] });
  assert.is(shaped(undefined, false), null);
});

json('holds nothing that a terminal obeys, and the same value', () => {
  const value = { title: '\u001b[31m \u009b \u202e \u007f é 夜' };
  const text = toJson(value);
  assert.match(text, /^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]*$/);
  assert.equal(JSON.parse(text), value);
});

json.run();
