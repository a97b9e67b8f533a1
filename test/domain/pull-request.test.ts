import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { indexed } from '../../src/domain/bead.ts';
import { judgeMentions, mentionsIn, readStates } from '../../src/domain/pull-request.ts';
import { bead, refusal } from '../helpers/garage.ts';

const blank = { title: '', body: '', branch: '' };

const mentions = suite('mentionsIn');

mentions('finds beads in the text, the title and the branch, each once, with what is said of it', () => {
  const body = 'Mends it.\r\n\r\nBead: gt-a1 is closed or submitted\r\nbead: gt-b2 (open)\r\nBead: gt-c3\r\nSee Bead: gt-d4\r\nBead: other-e5\r\n';
  const found = mentionsIn({ title: 'Mend [gt-a1], (my-app-x1.2) and [wip] shop-window', body, branch: 'polecat/nux/gt-f6' }, ['gt', 'my-app', 'shop']);
  assert.equal(found, [{ id: 'gt-a1', states: ['closed', 'submitted'] }, { id: 'gt-b2', states: ['open'] }, { id: 'gt-c3', states: undefined }, { id: 'my-app-x1.2', states: undefined }, { id: 'gt-f6', states: undefined }]);
  assert.equal(mentionsIn({ ...blank, branch: 'topic/gt-a1' }, ['gt']), []);
});

mentions('knows no other states than beads have', () => {
  assert.equal(readStates('in_progress, hooked or READY'), ['in_progress', 'hooked', 'ready']);
  assert.throws(() => mentionsIn({ ...blank, body: 'Bead: gt-a1 is fine' }, ['gt']), refusal('state.unknown'));
  assert.throws(() => readStates('done'), refusal('state.unknown'));
});

mentions.run();

const judging = suite('judgeMentions');

const beads = indexed(new Map([
  bead('gt-open'), bead('gt-work', { status: 'in_progress' }), bead('gt-sent', { status: 'hooked', assignee: 'shop/refinery' }), bead('gt-gone', { status: 'tombstone' }),
  bead('gt-wait', { dependencies: [{ issue_id: 'gt-wait', depends_on_id: 'gt-open', type: 'blocks', created_at: '', created_by: '' }] }),
].map((each) => [each.id, each])));

judging('holds each bead against what is said of it, or against what is expected', () => {
  const met = (id: string, ...states: string[]): boolean | undefined => judgeMentions(beads, [{ id, states }], [], 0)[0]?.met;
  assert.equal([met('gt-open', 'open'), met('gt-open', 'ready'), met('gt-wait', 'ready'), met('gt-wait', 'blocked'), met('gt-work', 'closed', 'in_progress'), met('gt-sent', 'submitted'), met('gt-work', 'submitted')], [true, true, false, true, true, true, false]);
  for (const id of ['gt-gone', 'gt-none']) assert.equal(judgeMentions(beads, [{ id, states: undefined }], ['open'], 0), [{ id, met: false, why: `there is no bead ${id}` }]);
  assert.equal(judgeMentions(beads, [{ id: 'gt-open', states: undefined }], ['in_progress', 'hooked'], 0), [{ id: 'gt-open', met: false, why: 'gt-open is open, and should be in_progress or hooked' }]);
});

judging.run();
