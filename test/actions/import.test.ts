import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../src/base/jsonl.ts';
import { garageFile } from '../helpers/garage.ts';
import { readyIn, type Line } from '../helpers/readiness.ts';
import { noRealLedgers, realLedgers } from '../helpers/real-ledgers.ts';
import { skip } from '../helpers/skip.ts';
import { output } from '../helpers/temporary.ts';
import { git, gt, gtJson, gtOutput, soloTown, sourceGt } from '../helpers/town.ts';

interface Tally {
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly ids: readonly string[];
}

function linesOf(text: string): Line[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

function take(town: string, text: string): Promise<Tally> {
  return gtJson<Tally>(town, ['import', '-'], { input: text });
}

/** What a town exports, but for the agents that every town has of its own. */
async function exported(town: string): Promise<string> {
  return withoutAgents(await gtOutput(town, ['export']));
}

function withoutAgents(text: string): string {
  return text.split('\n').filter((line) => line !== '' && !/"id":"(hq|shop)-/.test(line)).sort().join('\n');
}

function head(town: string): Promise<string> {
  return git(town, ['rev-parse', 'refs/beads/main']);
}

/** Every line of the ledger with its stamps, by plain git alone. */
async function stored(town: string): Promise<string> {
  return withoutAgents(await output(['sh', '-c', 'git archive refs/beads/main beads | tar -xO'], { cwd: town }));
}

const exchange = suite('a file of beads');

const rewritten = ['title', 'labels', 'dependencies', 'comments', 'closed_at', 'close_reason', 'closed_by_session', 'dependency_count', 'dependent_count', 'comment_count', 'parent', '_type', 'schema_version', 'clock'];

/** What must come out of a town as it went in, whatever else is evened out. */
function essence(line: Line): string {
  const plain = Object.entries(line).filter(([key, value]) => value !== null && !rewritten.includes(key));
  const edges = new Map(((line['dependencies'] ?? []) as Line[]).map((edge) => [edge['depends_on_id'], String(edge['type']).replaceAll('_', '-')]));
  const comments = ((line['comments'] ?? []) as Line[]).map((each) => [String(each['id']), each['author'], each['text'], each['created_at']]);
  const fields = plain.map(([key, value]) => [key, value === 1 && key === 'pinned' ? true : value]);
  return canonical({ ...Object.fromEntries(fields), '=title': String(line['title']).replace(/\s+/g, ' ').trim(), '=labels': [...new Set(line['labels'] ?? [])].sort(), '=edges': [...edges].sort(), '=comments': comments, '=closed': line['status'] === 'closed' ? (line['closed_at'] ?? true) : false });
}

exchange('carries what is remembered, and tells of a line that cannot be', async () => {
  const [one, other] = [await soloTown(), await soloTown()];
  await gtOutput(one, ['remember', '--key', 'tests ü', 'npm test needs the forge running']);
  const text = await gtOutput(one, ['export']);
  assert.match(text, /\{"_type":"memory","key":"tests ü","value":"npm test needs the forge running"\}$/);
  const memories = text.split('\n').filter((line) => line.includes('"memory"')).join('\n');
  const counts = [];
  for (const _ of [1, 2]) counts.push((await gtJson<{ memories: number; others: number }>(other, ['import', '-'], { input: memories })));
  assert.equal(counts.map(({ memories: count, others }) => [count, others]), [[1, 0], [0, 0]]);
  assert.equal((await gtOutput(other, ['export'])).split('\n').filter((line) => line.includes('"memory"')), [memories]);
  const bad = await gt(other, ['import', '-'], { input: `{"_type":"memory","key":"","value":"x"}\n{"_type":"memory","key":"x"}` });
  assert.is(bad.code, 1);
  assert.match(bad.stderr, /line 1: a key has 1 to 60 characters on one line\n.*line 2: a memory has a key and a value/);
});

for (const { name, path } of [{ name: 'garage', path: garageFile }, ...realLedgers]) {
  exchange(`goes in and comes out as it was: ${name}`, async () => {
    const text = readFileSync(path, 'utf8');
    const lines = linesOf(text);
    const [one, other, third] = [await soloTown(), await soloTown(), await soloTown()];

    assert.is((await take(one, text)).created, new Set(lines.map(({ id }) => id as string)).size);
    const [was, out] = [await head(one), await exported(one)];
    const essences = new Map(lines.map((line) => [line['id'], essence(line)]));
    for (const line of linesOf(out)) assert.is(essence(line), essences.get(line['id']));
    assert.equal(await take(one, text), { ...(await take(one, out)), source: 'standard input' });
    assert.ok((await head(one)) === was && (await exported(one)) === out);

    await take(other, text);
    await take(third, out);
    const births = await stored(one);
    assert.ok((await stored(other)) === births && (await stored(third)) === births, 'the same beads with the same births in every clone');

    const ready = await gtJson<{ id: string }[]>(one, ['ready', '--limit', '100000']);
    assert.equal(ready.map(({ id }) => id).sort(), readyIn(lines, Date.now()));
    assert.is(await git(one, ['fsck', '--strict', '--no-dangling', '--no-progress']), '');
  });
}

const counts: Readonly<Record<string, number>> = { 'beads_rust-20260128': 513, 'bv-cass': 116, 'gastown-20260106': 6065 };

async function allInOneTown(): Promise<void> {
  const [one, other] = [await soloTown(), await soloTown()];
  for (const { name, path } of realLedgers) {
    const text = readFileSync(path, 'utf8');
    assert.is((await take(one, text)).created, counts[name], name);
    const was = await head(one);
    assert.is((await take(one, text)).skipped, counts[name], name);
    assert.is(await head(one), was);
  }
  const out = await exported(one);
  await take(other, out);
  // No assertion on texts of six megabytes: the difference would be shown.
  assert.ok((await exported(other)) === out);
  assert.is(await git(one, ['fsck', '--strict', '--no-dangling', '--no-progress']), '');
}

if (realLedgers.length === 0) for (const name of ['goes in and comes out as it was', 'goes into a town beside others']) skip(exchange, `${name}: ledgers of real projects`, noRealLedgers);
else exchange('goes into a town beside others: ledgers of real projects', allInOneTown);

exchange('is taken whole or not at all, and the line that stops it is named by its number', async () => {
  const town = await soloTown();
  await take(town, readFileSync(garageFile, 'utf8'));
  const before = [await head(town), await exported(town)];
  const good = (index: number): string => JSON.stringify({ id: `gt-x${index}`, title: `Rivet ${index}`, created_at: '2026-03-01T08:00:00Z' });
  for (const bad of ['{"id":"gt-bad"', 'Rivet', '[]', '{"title":"no id"}', '{"id":"gt-bad","title":"x","created_at":"once"}', '{"id":"gt-bad","title":"x","created_at":"2026-03-01T08:00:00Z","priority":7}', '{"id":"../x","title":"x","created_at":"2026-03-01T08:00:00Z"}', '<<<<<<< HEAD']) {
    const lines = Array.from({ length: 40 }, (_, index) => (index === 36 ? bad : good(index)));
    const { code, stderr } = await gt(town, ['import', '-'], { input: lines.join('\n') });
    assert.is(code, 1, bad);
    assert.match(stderr, /^gt: standard input, line 37: /, bad);
    assert.equal([await head(town), await exported(town)], before, bad);
  }
});

exchange('may be taken in but for what cannot be read, and every such line is told with its reason', async () => {
  const town = await soloTown();
  const before = await head(town);
  const good = (index: number): string => JSON.stringify({ id: `gt-x${index}`, title: `Rivet ${index}`, created_at: '2026-03-01T08:00:00Z' });
  const text = [good(1), '{"id":"gt-bad"', good(2), '{"_type":"note","key":"k","value":"v"}', '{"title":"no id"}', good(3)].join('\n');
  const { code, stderr } = await gt(town, ['import', '-', '--json'], { input: text });
  const { data } = JSON.parse(stderr) as { data: { unit: string; count: number; faults: { line: number; reason: string }[] } };
  assert.equal([code, data.unit, data.count, data.faults.map(({ line }) => line)], [1, 'line', 2, [2, 5]]);
  assert.is(data.faults[1]?.reason, 'it has no id');
  assert.match((await gt(town, ['import', '-'], { input: text })).stderr, /line 2: .*\nline 5: it has no id\n.*--keep-going/s);
  assert.is((await gtJson(town, ['import', '-', '--keep-going', '--dry-run'], { input: text }))['created'], 3);
  assert.is(await head(town), before);
  const kept = await gt(town, ['import', '-', '--keep-going', '--json'], { input: text });
  const tally = JSON.parse(kept.stdout) as Record<string, unknown>;
  assert.equal([kept.code, tally['created'], tally['others'], tally['failed'], (tally['faults'] as { line: number }[]).map(({ line }) => line)], [0, 3, 1, 2, [2, 5]]);
  assert.match(kept.stderr, /standard input, 5: it has no id/);
});

exchange('may be a JSON list, with or without the envelope of bd', async () => {
  const town = await soloTown();
  const beads = [1, 2].map((index) => ({ id: `gt-x${index}`, title: `Rivet ${index}`, created_at: '2026-03-01T08:00:00Z' }));
  assert.is((await take(town, JSON.stringify(beads, null, 2))).created, 2);
  assert.is((await take(town, JSON.stringify({ schema_version: 1, data: beads }))).skipped, 2);
  const { stderr } = await gt(town, ['import', '-'], { input: JSON.stringify([...beads, { id: 7 }]) });
  assert.match(stderr, /^gt: standard input, item 3: /);
});

exchange('may leave out what is called like an open bead that is here', async () => {
  const town = await soloTown();
  await take(town, '{"id":"gt-a","title":"Weld","created_at":"2026-03-01T08:00:00Z"}\n{"id":"gt-b","title":"Paint","status":"closed","created_at":"2026-03-01T08:00:00Z"}');
  const twins = ['Weld', 'Paint', 'Drive'].map((title, index) => JSON.stringify({ id: `gt-t${index}`, title, created_at: '2026-03-02T08:00:00Z' })).join('\n');
  const tally = await gtJson<Tally & { dedup_skipped: number }>(town, ['import', '-', '--dedup'], { input: twins });
  assert.equal([tally.created, tally.dedup_skipped, tally.ids], [2, 1, ['gt-t1', 'gt-t2']]);
});

exchange('may hold a line of 258 kB, unknown keys, and everything that JSON can say', async () => {
  const [town, other] = [await soloTown(), await soloTown()];
  const long = { id: 'gt-long', title: 'Survey the canyon', status: 'open', priority: 1, issue_type: 'task', created_at: '2026-03-01T08:00:00Z', updated_at: '2026-03-01T08:00:00Z', description: '“Ω🦀\\"\t\u2028 '.repeat(20_000), chrome: { shine: [1, null, 2.5e-7, { '': '\u0000'.length }], constructor: 'x' } };
  assert.ok(Buffer.byteLength(JSON.stringify(long)) > 258_000);
  await take(town, JSON.stringify(long));
  const out = await exported(town);
  assert.equal(JSON.parse(out), long);
  await take(other, out);
  assert.is(await exported(other), out);
  await gtOutput(town, ['update', 'gt-long', '--priority', '0']);
  assert.equal({ ...linesOf(await exported(town))[0], updated_at: long.updated_at }, { ...long, priority: 0 });
});

exchange('replaces what is older here, and leaves what is newer', async () => {
  const town = await soloTown();
  const at = (hour: number, title: string): string => JSON.stringify({ id: 'gt-a', title, priority: 2, issue_type: 'task', status: 'open', created_at: '2026-03-01T08:00:00Z', updated_at: `2026-03-01T0${hour}:00:00Z` });
  for (const [line, verdict, title] of [[at(8, 'Weld'), 'created', 'Weld'], [at(9, 'Weld well'), 'updated', 'Weld well'], [at(8, 'Weld'), 'skipped', 'Weld well'], [at(9, 'Weld well'), 'skipped', 'Weld well']] as const) {
    const tally = await take(town, line);
    assert.equal([tally[verdict], tally.created + tally.updated + tally.skipped], [1, 1], line);
    assert.is(linesOf(await exported(town))[0]?.['title'], title);
  }
});

exchange('never brings back what was deleted here', async () => {
  const town = await soloTown();
  const text = readFileSync(garageFile, 'utf8');
  await take(town, text);
  await gtOutput(town, ['delete', 'garage-horn', '--force']);
  const before = await head(town);
  await take(town, text.replaceAll(/"updated_at":"\d{4}/g, '"updated_at":"2031'));
  assert.is(linesOf(await exported(town)).find(({ id }) => id === 'garage-horn')?.['status'], 'tombstone');
  assert.is.not(await head(town), before);
});

exchange.run();

const formats = suite('other kinds of files');

/** The lines about work in all that a town keeps. */
async function work(town: string, command: readonly string[]): Promise<Line[]> {
  const found = linesOf(await output(command, { cwd: town })).filter((line) => ['task', 'bug', 'epic'].includes(line['issue_type']));
  assert.ok(found.length > 0);
  return found;
}

const asStored = ['sh', '-c', 'git archive refs/beads/main beads | tar -xO'];
const asExported = [...sourceGt, 'export'];

const issues = [7, 8].map((number) => ({ number, title: `Rivet ${number}`, body: 'Loose.', state: 'OPEN', labels: [{ name: 'bug' }], assignees: [], author: { login: 'nux' }, createdAt: `2026-03-0${number}T08:00:00Z`, updatedAt: `2026-03-0${number}T08:00:00Z`, closedAt: null, url: `https://github.com/citadel/rig/issues/${number}`, comments: [] }));

formats('are known by their content: issues become the same beads in every clone, and follow what happens there', async () => {
  const [one, other] = [await soloTown(), await soloTown()];
  for (const town of [one, other]) assert.is((await take(town, JSON.stringify(issues))).created, 2);
  assert.equal(await work(one, asStored), await work(other, asStored));
  const was = await head(one);
  assert.is((await take(one, issues.map((issue) => JSON.stringify(issue)).join('\n'))).skipped, 2);
  assert.is((await take(one, await gtOutput(one, ['export', '--format', 'github']))).skipped, 2);
  assert.is(await head(one), was);
  const tally = await take(one, JSON.stringify([{ ...issues[0], state: 'CLOSED', closedAt: '2026-04-01T08:00:00Z', updatedAt: '2026-04-01T08:00:00Z' }]));
  assert.is(tally.updated, 1);
  assert.equal((await work(one, asExported)).map((line) => [line['external_ref'], line['status'], line['closed_at']]).sort(), [['gh-7', 'closed', '2026-04-01T08:00:00Z'], ['gh-8', 'open', undefined]]);
  const { stderr } = await gt(one, ['import', '-'], { input: JSON.stringify([...issues, { number: 9, title: 'x', state: 'OPEN' }]) });
  assert.match(stderr, /^gt: standard input, item 3: issue 9 does not say when it was created/);
});

formats('bring a prefix along with their beads, in one commit, or leave no trace of it', async () => {
  const town = await soloTown();
  const was = [await head(town), readFileSync(join(town, '.git/gastown/town.json'), 'utf8')];
  const there = (id: string): object => ({ ...issues[0], bead: id });
  assert.is((await gt(town, ['import', '-'], { input: JSON.stringify([there('yard-x1'), there('yard-../x')]) })).code, 1);
  assert.equal([await head(town), readFileSync(join(town, '.git/gastown/town.json'), 'utf8')], was);
  assert.equal((await gtJson<{ prefixes: string[] }>(town, ['import', '-'], { input: JSON.stringify([there('yard-x1')]) })).prefixes, ['yard']);
  assert.is(await git(town, ['rev-parse', 'refs/beads/main^']), was[0]);
  assert.equal(JSON.parse(await git(town, ['show', 'refs/beads/main:format.json'])).prefixes, ['shop', 'hq', 'yard']);
  assert.match(await gtOutput(town, ['show', 'yard-x1']), 'Rivet 7');
  await gtOutput(town, ['undo']);
  assert.is((await gt(town, ['show', 'yard-x1'])).code, 1);
  assert.equal(JSON.parse(await git(town, ['show', 'refs/beads/main:format.json'])).prefixes, ['shop', 'hq', 'yard']);
});

formats('are known by their content: tasks become the same beads in every clone, and come back by their ids', async () => {
  const [one, other] = [await soloTown(), await soloTown()];
  const plan = '# Plan\n\n- [ ] Mend the rig\n  - [x] Find the horn\n  - [ ] Tune the horn\n';
  for (const town of [one, other]) assert.is((await take(town, plan)).created, 3);
  const births = async (town: string): Promise<unknown[]> => (await work(town, asStored)).map(({ id, clock }) => [id, clock['born']]);
  assert.equal(await births(one), await births(other));
  const was = await head(one);
  const list = await gtOutput(one, ['export', '--format', 'markdown']);
  for (const text of [plan, list]) assert.is((await take(one, text)).skipped, 3);
  assert.is(await head(one), was);
  assert.is((await take(one, list.replace('[ ] Tune the horn', '[x] Tune the new horn'))).updated, 1);
  assert.match(await gtOutput(one, ['export', '--format', 'markdown']), /^- \[ \] Mend the rig .*\n {2}- \[x\] .*\n {2}- \[x\] /);
  assert.ok((await work(one, asExported)).some((line) => line['title'] === 'Tune the new horn' && line['status'] === 'closed'));
});

formats.run();
