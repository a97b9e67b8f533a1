import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonical } from '../../src/base/jsonl.ts';
import { garageFile } from '../helpers/garage.ts';
import { readyIn, type Line } from '../helpers/readiness.ts';
import { noRealLedgers, realLedgers } from '../helpers/real-ledgers.ts';
import { skip } from '../helpers/skip.ts';
import { output } from '../helpers/temporary.ts';
import { git, gt, gtJson, gtOutput, soloTown } from '../helpers/town.ts';

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

if (realLedgers.length === 0) skip(exchange, 'goes in and comes out as it was: ledgers of real projects', noRealLedgers);

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
