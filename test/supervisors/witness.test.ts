import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SessionRecord } from '../../src/actions/session-record.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { decide } from '../../src/supervisors/witness.ts';

const nux = 'web/polecats/nux';

function hooked(id: string, extra: Partial<Bead> = {}): Bead {
  return { id, title: 'Paint the door', status: 'hooked', assignee: nux, priority: 2, issue_type: 'task', created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', ...extra };
}

function session(extra: Partial<SessionRecord> = {}): SessionRecord {
  return { id: 's-1', agent: nux, bead: 'web-door1', token: 't', runtime: 'exec', startedAt: '2026-01-01T00:00:00Z', transcript: '/t', start: 'abc', restarts: 0, handle: { pid: 1, started: 'x' }, ...extra };
}

const decides = suite('witness decides');

decides('nothing while a session works', () => {
  assert.equal(decide({ sessions: [{ record: session(), alive: true }], hooked: [hooked('web-door1')] }), []);
});

decides('to start work that hangs on a hook without a session', () => {
  const bead = hooked('web-door1');
  assert.equal(decide({ sessions: [], hooked: [bead] }), [{ do: 'start', bead }]);
});

decides('to leave work alone that somebody starts by hand', () => {
  assert.equal(decide({ sessions: [], hooked: [hooked('web-door1', { metadata: { start_by: 'hand' } })] }), []);
});

decides('to begin again what died in the middle', () => {
  const record = session();
  assert.equal(decide({ sessions: [{ record, alive: false }], hooked: [hooked('web-door1')] }), [{ do: 'restart', record }]);
});

decides('to conclude what died after its client had ended', () => {
  const record = session({ exit: { code: 0, signal: null } });
  assert.equal(decide({ sessions: [{ record, alive: false }], hooked: [hooked('web-door1')] }), [{ do: 'conclude', record }]);
});

decides('to conclude a client that a person started and has left', () => {
  const record = session({ runtime: 'adopted' });
  assert.equal(decide({ sessions: [{ record, alive: false }], hooked: [hooked('web-door1')] }), [{ do: 'conclude', record }]);
});

decides('to conclude a dead session whose work is off the hook', () => {
  const record = session();
  assert.equal(decide({ sessions: [{ record, alive: false }], hooked: [] }), [{ do: 'conclude', record }]);
});

decides('to give up what has died ten times', () => {
  const record = session({ restarts: 10 });
  assert.equal(decide({ sessions: [{ record, alive: false }], hooked: [hooked('web-door1')] }), [{ do: 'conclude', record }]);
});

decides('nothing about a session of which nobody knows whether it lives', () => {
  assert.equal(decide({ sessions: [{ record: session(), alive: 'unknown' }], hooked: [hooked('web-door1')] }), []);
});

decides.run();
