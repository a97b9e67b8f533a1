import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BadGate, flakeHistory, gatesOf, isFlaky, NoGate, recordRun, runsBeforeBlame, verdictOn, type Gate, type GateRun, type Verdict } from '../../src/domain/gate.ts';

const test: Gate = { name: 'test', command: 'make test', timeout: 600_000, required: true };
const ran = (verdict: GateRun['verdict'], started = '2026-01-01T00:00:00Z'): GateRun => ({ verdict, started, milliseconds: 10, tail: '', signer: 'citadel/refinery@abc123' });

const gates = suite('gatesOf');

gates('reads the gates, sorted, with what is usual where nothing is said', () => {
  const found = gatesOf({ merge_queue: { gates: { test: { command: 'make test' }, lint: { command: 'make lint', timeout: '90s', required: false } } } }, 'citadel');
  assert.equal(found, [{ name: 'lint', command: 'make lint', timeout: 90_000, required: false }, test]);
});

gates('is empty only where that was said', () => {
  assert.equal(gatesOf({ merge_queue: { gates: 'none' } }, 'citadel'), []);
  assert.throws(() => gatesOf({}, 'citadel'), (error: unknown) => error instanceof NoGate);
  assert.throws(() => gatesOf({ merge_queue: { gates: {} } }, 'citadel'), (error: unknown) => error instanceof NoGate);
});

gates('refuses a gate that cannot be run', () => {
  for (const gate of [{}, { command: ' ' }, { command: 'true', timeout: 0 }, 'true']) assert.throws(() => gatesOf({ merge_queue: { gates: { test: gate } } }, 'citadel'), (error: unknown) => error instanceof BadGate);
  assert.throws(() => gatesOf({ merge_queue: { gates: { '../x': { command: 'true' } } } }, 'citadel'), (error: unknown) => error instanceof BadGate);
});

gates.run();

const record = suite('recordRun');

record('keeps the runs of each gate, command and environment apart', () => {
  const other: Gate = { ...test, command: 'make check' };
  const once = recordRun([], test, 'linux', ran('fail'));
  const all = recordRun(recordRun(once, other, 'linux', ran('pass')), test, 'darwin', ran('pass'));
  assert.is(all.length, 3);
  assert.equal(verdictOn(all, test, 'linux').attempts.map(({ verdict }) => verdict), ['fail']);
});

record('counts the same run once', () => {
  const once = recordRun([], test, 'linux', ran('fail'));
  assert.equal(recordRun(once, test, 'linux', ran('fail')), once);
});

record.run();

const blame = suite('runsBeforeBlame');

blame('asks for two failures of a gate that nobody knows, and for more the more it flakes', () => {
  assert.is(runsBeforeBlame({ runs: 0, flakes: 0 }), 2);
  assert.is(runsBeforeBlame({ runs: 1000, flakes: 0 }), 2);
  assert.is(runsBeforeBlame({ runs: 50, flakes: 4 }), 3);
  assert.is(runsBeforeBlame({ runs: 1000, flakes: 250 }), 6);
  assert.is(runsBeforeBlame({ runs: 1000, flakes: 1000 }), 11);
});

blame('knows a flake by a pass on the same tree', () => {
  const verdict = (...attempts: GateRun[]): Verdict => ({ gate: 'test', digest: '', environment: '', attempts });
  assert.equal(flakeHistory([verdict(ran('fail'), ran('pass')), verdict(ran('fail'), ran('fail')), verdict(ran('pass'))]), { runs: 5, flakes: 1 });
  assert.is(isFlaky(verdict(ran('timeout'), ran('pass'))), true);
  assert.is(isFlaky(verdict(ran('pass'))), false);
  assert.is(isFlaky(verdict(ran('fail'))), false);
});

blame.run();
