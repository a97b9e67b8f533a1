// What single updates cost for ever, and how long each takes while packs are joined beside: npm run bench -- growth [updates] [beads]. Figures inform; they decide no test.
import { edit } from '../../src/domain/content.ts';
import { readBead } from '../../src/domain/exchange.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { commitOn } from '../../src/git/commit.ts';
import { consolidate } from '../../src/git/packs.ts';
import { readRef } from '../../src/git/refs.ts';
import { auditTrail } from '../../src/ledger/history.ts';
import { imported } from '../../src/ledger/imported.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { measureLedger } from '../../src/ledger/size.ts';
import { transact } from '../../src/ledger/transact.ts';
import { ace, gitIn, newLedger, type Watch } from '../helpers/ledger.ts';
import { ledgerOf, openIdsIn } from './ledgers.ts';

const [updates = 10_000, size = 10_000] = process.argv.slice(2).map(Number);
/** One blob of all beads is so dear to write that fewer updates have to tell. */
const blobUpdates = Math.max(1, Math.round(updates / 50));
const minute = 60_000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const text = ledgerOf(size, 'gt');
const ids = openIdsIn(text).alone;

/** The bytes that objects of the ledger take on this disk. */
async function diskOf(ledger: Ledger): Promise<number> {
  return Number(await gitIn(ledger, 'rev-list', '--objects', '--disk-usage', ledger.ref));
}

function at(times: readonly number[], share: number): string {
  return `${([...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? NaN).toFixed(1)} ms`;
}

/** Runs an update so often, and prints what each took, and what it leaves on the disk. */
async function grow(name: string, ledger: Ledger, count: number, update: (step: number) => Promise<unknown>): Promise<number> {
  await gitIn(ledger, 'gc', '-q');
  const before = await diskOf(ledger);
  const times: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const began = performance.now();
    await update(step);
    times.push(performance.now() - began);
  }
  await consolidate(ledger.repository);
  const joined = (await diskOf(ledger)) - before;
  await gitIn(ledger, 'gc', '-q');
  const packed = (await diskOf(ledger)) - before;
  const each = (bytes: number): string => `${Math.round(bytes / count)} bytes`;
  print(`${name.padEnd(12)} ${count} updates: ${each(joined)} each as they joined by themselves, ${each(packed)} after git gc; median ${at(times, 0.5)}, p95 ${at(times, 0.95)}, p99 ${at(times, 0.99)}`);
  return joined / count;
}

const watch: Watch = { time: Date.parse('2026-05-01T08:00:00Z') };
const ledger = await newLedger(watch);
const beads = text.trim().split('\n').map((line) => readBead(JSON.parse(line) as Record<string, unknown>) as Bead);
await transact(ledger, ace, 'Import', () => beads.map((bead) => ({ op: 'bead.imported', id: bead.id, stored: imported(bead, () => undefined) })));
const own = await grow('shards', ledger, updates, (step) => {
  watch.time += minute;
  const id = ids[step % ids.length] ?? '';
  return transact(ledger, ace, `Update ${id}`, (view) => edit(view, id, { title: `Weld ${step}`, priority: step % 5 }, { by: 'nux', at: new Date(watch.time).toISOString() }));
});

const other = await newLedger();
const lines = text.trim().split('\n');
const places = new Map(lines.map((line, index) => [(JSON.parse(line) as Bead).id, index]));
const blob = await grow('one blob', other, blobUpdates, async (step) => {
  const place = places.get(ids[step % ids.length] ?? '') ?? 0;
  lines[place] = JSON.stringify({ ...(JSON.parse(lines[place] ?? '') as Bead), title: `Weld ${step}`, priority: step % 5 });
  const person = { name: 'ace', email: 'ace@citadel.example', epochSeconds: 1_777_000_000 + step, zone: '+0000' };
  await commitOn(other.repository, other.ref, (await readRef(other.repository, other.ref)) ?? '', { message: 'Update', author: person, committer: person, files: new Map([['issues.jsonl', `${lines.join('\n')}\n`]]) });
});
print(`one blob costs × ${(blob / own).toFixed(0)}`);
if (own > 1000) print(`  over the bar: an update costs ${Math.round(own)} bytes, 1000 is the bar`);

const began = performance.now();
const found = await auditTrail(ledger, { actor: 'ace', limit: 50 });
const took = performance.now() - began;
print(`the audit trail: the newest ${found.length} of ${(await measureLedger(ledger)).commits} commits by actor in ${took.toFixed(0)} ms`);
