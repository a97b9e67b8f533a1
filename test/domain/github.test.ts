import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../src/base/jsonl.ts';
import { indexed, type Bead } from '../../src/domain/bead.ts';
import { readBead } from '../../src/domain/exchange.ts';
import { foldIssue, idForIssue, issueOf, issuesIn, readIssue, type Issue } from '../../src/domain/github.ts';
import { bead, garage } from '../helpers/garage.ts';

/** An issue as gh prints it with every field that is asked for. */
const horn = {
  assignees: [{ id: 'MDQ6', login: 'slit', name: 'Slit' }],
  author: { id: 'U_k', is_bot: false, login: 'nux', name: '' },
  body: 'It says nothing.\r\n\r\n- [ ] look',
  closedAt: null,
  comments: [{ id: 'IC_kw1', author: { login: 'ace' }, authorAssociation: 'OWNER', body: 'Which horn?', createdAt: '2026-03-02T08:00:00Z', includesCreatedEdit: false, isMinimized: false, url: 'https://github.com/citadel/rig/issues/7#issuecomment-1', viewerDidAuthor: false }],
  createdAt: '2026-03-01T08:00:00Z',
  labels: [{ id: 'LA_1', name: 'bug', description: '', color: 'd73a4a' }, { id: 'LA_2', name: 'P1', description: '', color: '000000' }],
  number: 7,
  state: 'OPEN',
  stateReason: '',
  title: 'The horn is silent',
  updatedAt: '2026-03-03T08:00:00Z',
  url: 'https://github.com/citadel/rig/issues/7',
};

function issue(changes: Record<string, unknown> = {}): Issue {
  const found = readIssue({ ...horn, ...changes });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

function fold(ours: Bead | undefined, changes: Record<string, unknown> = {}): Bead {
  const found = readBead(foldIssue(ours, issue(changes), ours?.id ?? 'gt-a', false));
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const reading = suite('readIssue');

reading('says what is wrong', () => {
  for (const wrong of [{ number: 0 }, { number: '7' }, { number: undefined }, { title: ' ' }, { title: 7 }, { state: 'MERGED' }, { state: undefined }, { createdAt: 'once' }, { bead: 7 }]) assert.type(readIssue({ ...horn, ...wrong }), 'string', JSON.stringify(wrong));
  assert.is(readIssue([]), 'it is no issue');
});

reading('makes do with what was asked for', () => {
  const { title, number, state, createdAt } = horn;
  const found = readIssue({ title, number, state, createdAt });
  assert.equal([typeof found === 'string' ? found : found.updatedAt, typeof found === 'string' ? found : found.labels], [createdAt, []]);
});

reading.run();

const folding = suite('foldIssue');

folding('makes a bead of an issue', () => {
  assert.equal(fold(undefined), {
    id: 'gt-a', title: 'The horn is silent', description: 'It says nothing.\n\n- [ ] look', status: 'open', priority: 1, issue_type: 'bug', assignee: 'slit', created_by: 'nux', external_ref: 'gh-7', labels: ['P1', 'bug'],
    created_at: '2026-03-01T08:00:00Z', updated_at: '2026-03-03T08:00:00Z', metadata: { github_url: horn.url },
    comments: [{ id: 'IC_kw1', issue_id: 'gt-a', author: 'ace', text: 'Which horn?', created_at: '2026-03-02T08:00:00Z' }],
  });
  const closed = fold(undefined, { state: 'CLOSED', stateReason: 'NOT_PLANNED', closedAt: '2026-03-03T08:00:00Z' });
  assert.equal([closed.status, closed.closed_at, closed.close_reason], ['closed', '2026-03-03T08:00:00Z', 'Not planned']);
});

folding('changes nothing the second time', () => {
  for (const changes of [{}, { state: 'CLOSED', closedAt: '2026-03-03T08:00:00Z' }, { body: '', labels: [], assignees: [], comments: [] }]) assert.is(canonical(fold(fold(undefined, changes), changes)), canonical(fold(undefined, changes)));
});

folding('takes over what is newer there, and keeps what only we know', () => {
  const ours = { ...fold(undefined), priority: 0, labels: ['P1', 'bug', 'gt:keep'], dependencies: [], notes: 'mine', updated_at: '2026-03-04T08:00:00Z' };
  const late = { title: 'The horn sings', labels: [], assignees: [], updatedAt: '2026-03-05T08:00:00Z' };
  const { title, labels, assignee, notes, priority } = fold(ours, late);
  assert.equal([title, labels, assignee, notes, priority], ['The horn sings', ['gt:keep'], undefined, 'mine', 0]);
  assert.is(fold(ours, { ...late, updatedAt: '2026-03-04T08:00:00Z' }).title, ours.title);
});

folding('adds comments even to what is newer here', () => {
  const ours = { ...fold(undefined), updated_at: '2026-04-01T08:00:00Z', comments: [{ id: 'c1', issue_id: 'gt-a', author: 'nux', text: 'Here', created_at: '2026-03-02T08:00:00Z' }] };
  assert.equal(fold(ours).comments?.map(({ id }) => id), ['c1', 'IC_kw1']);
});

folding('takes no work from an agent, closes what is closed there and opens what was opened again', () => {
  const hooked = { ...fold(undefined), status: 'hooked', assignee: 'shop/polecats/nux' };
  const late = { updatedAt: '2026-05-01T08:00:00Z' };
  assert.equal([fold(hooked, late).status, fold(hooked, late).assignee], ['hooked', 'shop/polecats/nux']);
  assert.is(fold({ ...fold(undefined), assignee: 'shop/crew/ace' }, { ...late, assignees: [] }).assignee, 'shop/crew/ace');
  const closed = fold(hooked, { ...late, state: 'CLOSED', closedAt: '2026-05-01T08:00:00Z' });
  assert.is(closed.status, 'closed');
  const opened = fold(closed, { updatedAt: '2026-05-02T08:00:00Z', stateReason: 'REOPENED' });
  assert.equal([opened.status, opened.closed_at], ['open', undefined]);
});

folding('leaves closed what was closed here alone, however often somebody speaks of the issue there', () => {
  const closed = { ...fold(undefined), status: 'closed', closed_at: '2026-03-04T08:00:00Z', close_reason: 'Merged' };
  const spoken = fold(closed, { updatedAt: '2026-05-01T08:00:00Z', title: 'Still silent?' });
  assert.equal([spoken.title, spoken.status, spoken.closed_at], ['Still silent?', 'closed', '2026-03-04T08:00:00Z']);
});

folding.run();

const finding = suite('an issue');

finding('is found by its number or its address, and not taken for another repository’s', () => {
  const ours = fold(undefined);
  const find = issuesIn(indexed(new Map([[ours.id, ours], ['gt-b', bead('gt-b', { external_ref: 'gh-9' })]])));
  assert.is(find(issue())?.id, 'gt-a');
  assert.is(find(issue({ url: undefined }))?.id, 'gt-a');
  assert.is(find(issue({ url: 'https://github.com/other/rig/issues/7' })), undefined);
  assert.is(find(issue({ number: 9, url: 'https://github.com/citadel/rig/issues/9' }))?.id, 'gt-b');
});

finding('has the same id in every clone, and a longer one where that is taken', () => {
  const [first] = [idForIssue(issue(), 'gt', () => false)];
  assert.match(first, /^gt-[0-9a-z]{6}$/);
  assert.is(idForIssue(issue({ title: 'x' }), 'gt', () => false), first);
  assert.match(idForIssue(issue(), 'gt', (id) => id === first), /^gt-[0-9a-z]{7}$/);
});

finding('is written so that it changes nothing when it is taken in again', () => {
  const beads = new Map([...garage().all(), fold(undefined), bead('gt-m', { issue_type: 'message' }), bead('gt-d', { status: 'tombstone' })].map((each): [string, Bead] => [each.id, each]));
  const find = issuesIn(indexed(beads));
  const issues = [...beads.values()].map(issueOf).filter((each) => each !== undefined);
  assert.is(issues.length, beads.size - 2);
  for (const each of issues) {
    const read = readIssue(JSON.parse(JSON.stringify(each)));
    if (typeof read === 'string') throw new Error(read);
    const ours = find(read);
    assert.is(ours?.id, each['bead']);
    assert.is(canonical(readBead(foldIssue(ours, read, ours?.id ?? '', false))), canonical(ours));
  }
});

finding.run();
