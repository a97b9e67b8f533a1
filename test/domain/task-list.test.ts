import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evolve, indexed, type Bead, type Beads } from '../../src/domain/bead.ts';
import { readTasks, takeTasks, writeTasks, type TaskPlace } from '../../src/domain/task-list.ts';
import { bead, garage, nux } from '../helpers/garage.ts';

const place: TaskPlace = { prefix: 'gt', list: 'PLAN.md', isTwin: () => false };

/** The beads after a list was taken in, and what became of each task. */
function take(beads: Beads, text: string, isTwin = place.isTwin): { after: Beads; verdicts: string; faults: readonly { line: number }[] } {
  const { taken, faults } = takeTasks(beads, readTasks(text, ['gt', 'garage']), { ...place, isTwin }, nux);
  const byId = new Map([...beads.all()].map((each): [string, Bead] => [each.id, each]));
  for (const change of taken.flatMap(({ changes }) => changes)) byId.set(change.id, evolve(byId.get(change.id), change) as Bead);
  return { after: indexed(byId), verdicts: taken.map(({ verdict }) => verdict).join(' '), faults };
}

const none = indexed(new Map());

/** Titles with how each stands and what it is a part of. */
function told(beads: Beads): string[] {
  return [...beads.all()].map(({ title, status, dependencies = [] }) => [title, status, ...dependencies.map((edge) => `${edge.type} ${beads.get(edge.depends_on_id)?.title}`)].join(', ')).sort();
}

const plan = `# The long road

Some words about it.

- [ ] Mend the rig
  It stands in the canyon.

      with a tool
  * [x] Straighten the frame
\t* [ ] Tune the horn
    1. [X] Find the horn
- plain words
- [ ] Paint <!-- later -->

\`\`\`md
- [ ] this is code
\`\`\`

+ [ ] Paint
`;

const reading = suite('readTasks');

reading('finds tasks, what they are parts of, and what is said below them', () => {
  const tasks = readTasks(plan, ['gt']);
  assert.equal(tasks.map(({ line, title, done, parent }) => [line, title, done, parent]), [
    [5, 'Mend the rig', false, undefined],
    [9, 'Straighten the frame', true, 0],
    [10, 'Tune the horn', false, 1],
    [11, 'Find the horn', true, 1],
    [13, 'Paint <!-- later -->', false, undefined],
    [19, 'Paint', false, undefined],
  ]);
  assert.is(tasks[0]?.description, 'It stands in the canyon.\n\n    with a tool');
});

reading('takes a comment for an id only where it has a prefix of the ledger', () => {
  const [known, foreign, marked] = readTasks('- [ ] a <!-- gt-a -->\n- [ ] b <!-- prettier-ignore -->\n- [ ] c <!-- xx-a oabcdefgh -->', ['gt']);
  assert.equal([known?.id, known?.title, foreign?.id, foreign?.title, marked?.id, marked?.title], ['gt-a', 'a', undefined, 'b <!-- prettier-ignore -->', undefined, 'c']);
});

reading.run();

const taking = suite('takeTasks');

taking('files tasks as beads, parts below their wholes, ticked ones closed; the same list again changes nothing', () => {
  const { after, verdicts } = take(none, plan);
  assert.is(verdicts, 'new new new new new new');
  assert.equal(told(after), ['Find the horn, closed, parent-child Straighten the frame', 'Mend the rig, open', 'Paint <!-- later -->, open', 'Paint, open', 'Straighten the frame, closed, parent-child Mend the rig', 'Tune the horn, open, parent-child Straighten the frame']);
  assert.is(take(after, plan).verdicts, 'same same same same same same');
});

taking('gives the same ids everywhere, different ones to tasks of one name, and to those of another list', () => {
  const ids = (text: string, list = 'PLAN.md'): string[] => takeTasks(none, readTasks(text, ['gt']), { ...place, list }, nux).taken.map(({ id }) => id);
  const twice = ids('- [ ] a\n- [ ] a\n- [ ] b\n  - [ ] a');
  assert.is(new Set([...twice, ...ids('- [ ] a', 'OTHER.md')]).size, 5);
  assert.equal(ids('- [ ] a\n- [ ] a\n- [ ] b\n  - [ ] a'), twice);
});

taking('closes what was ticked since, and opens again only what was ticked when the list was written', () => {
  const { after } = take(none, '- [ ] a\n- [x] b');
  assert.is(take(after, '- [x] a\n- [ ] b').verdicts, 'newer same');
  assert.equal(told(take(after, '- [x] a\n- [ ] b').after), ['a, closed', 'b, closed']);
  const written = [...writeTasks([...after.all()])].join('\n');
  assert.equal(told(take(after, written.replace('[ ]', '[?]').replace('[x]', '[ ]').replace('[?]', '[x]')).after), ['a, closed', 'b, open']);
});

taking('takes over what was edited by hand, and leaves what changed here since the list was written', () => {
  const { after } = take(none, '- [ ] a\n- [ ] b\n- [ ] c');
  const beads = [...after.all()];
  const written = [...writeTasks(beads)];
  const idOf = (title: string): string => beads.find((each) => each.title === title)?.id ?? '';
  const meanwhile = indexed(new Map(beads.map((each) => [each.id, { ...each, ...(each.title === 'a' ? { status: 'closed', closed_at: nux.at, title: 'a, at last' } : {}) }])));
  assert.is(take(meanwhile, written.join('\n')).verdicts, 'same same same');
  const edited = written.map((line) => (line.includes(idOf('b')) ? line.replace('] b', '] B') : line.includes(idOf('c')) ? `  ${line}` : line)).join('\n');
  const done = take(meanwhile, edited);
  assert.is(done.verdicts, 'same newer newer');
  assert.equal(told(done.after), ['B, open', 'a, at last, closed', 'c, open, parent-child B']);
});

taking('leaves deleted beads deleted, and says which task breaks a rule', () => {
  const gone = indexed(new Map([['gt-a', bead('gt-a', { status: 'tombstone' })]]));
  assert.is(take(gone, '- [ ] a <!-- gt-a -->').verdicts, 'same');
  const { faults, verdicts } = take(none, `- [ ]\n- [ ] ${'x'.repeat(501)}\n- [ ] fine`);
  assert.equal([faults.map(({ line }) => line), verdicts], [[1, 2], 'new']);
});

taking('leaves a part where it is while what it was put below is no bead', () => {
  const { after } = take(none, '- [ ] a\n  - [ ] b');
  const [first = '', second = ''] = [...writeTasks([...after.all()])];
  const { verdicts, after: later } = take(after, `${first}\n- [ ] twin\n${second}`, (title) => title === 'twin');
  assert.is(verdicts, 'same twin same');
  assert.equal(told(later), told(after));
});

taking('leaves out twins when told', () => {
  assert.is(take(none, '- [ ] a\n- [ ] b', (title) => title === 'a').verdicts, 'twin new');
});

taking.run();

const writing = suite('writeTasks');

writing('writes a list that changes nothing when it is taken in again, whatever is in the titles', () => {
  const strange = ['- [ ] nested', '[x]', 'ends --> <!-- gt-a -->', '  # not a heading', '\u202eodd', '`code`', '1. one'].map((title, index) => bead(`gt-s${index}`, { title: title.trim() }));
  const loop = [bead('gt-l1', { dependencies: [{ issue_id: 'gt-l1', depends_on_id: 'gt-l2', type: 'parent-child', created_at: '', created_by: '' }] }), bead('gt-l2', { dependencies: [{ issue_id: 'gt-l2', depends_on_id: 'gt-l1', type: 'parent-child', created_at: '', created_by: '' }] })];
  const beads = indexed(new Map([...garage().all(), ...strange, ...loop, bead('gt-m', { issue_type: 'message' }), bead('gt-d', { status: 'tombstone' })].map((each) => [each.id, each])));
  const lines = [...writeTasks([...beads.all()])];
  assert.is(lines.length, [...beads.all()].length - 2);
  assert.is(new Set(take(beads, lines.join('\n')).verdicts.split(' ')).size, 1);
  assert.is(take(beads, lines.join('\n')).verdicts.split(' ')[0], 'same');
  assert.ok(lines.some((line) => line.startsWith('  - [')));
});

writing.run();
