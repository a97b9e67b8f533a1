import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../src/base/errors.ts';
import { canonical } from '../../src/base/jsonl.ts';
import { shardOf } from '../../src/base/ids.ts';
import type { Bead } from '../../src/domain/bead.ts';
import { isIdle } from '../../src/ledger/first-look.ts';
import { beadsIn, matters, partOf, textIn } from '../../src/ledger/part.ts';
import { checkPlaces, parseShard } from '../../src/ledger/shards.ts';

const shard = shardOf('gt-a');
const stamp = '0mk3ga39c0hg69m2d7';

/** Texts that look like the structure around them. */
const text = fc.oneof(fc.string(), fc.constantFrom('"clock":{"born":"', '\\', '\\"', '}', '{', '},"clock":{', '"status":"closed"', '\n', 'ö💎'));
const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.array(text, { maxLength: 2 }), fc.record({ clock: fc.record({ born: text }), status: fc.constant('closed') }), fc.dictionary(text, text, { maxKeys: 2 }));
const clock = fc.record({ born: fc.constant(stamp), closes: fc.dictionary(fc.constantFrom(stamp, 'x'), fc.record({ reason: text }), { maxKeys: 2 }), title: text, '=born': text }, { requiredKeys: ['born'] });
const edge = fc.record({ depends_on_id: fc.constantFrom('gt-b', 'gt-c'), type: fc.constantFrom('blocks', 'parent-child') });
const bead = fc.record(
  { title: text, status: fc.constantFrom('open', 'closed', 'tombstone', 'pinned', 'hooked'), assignee: text, attempts: fc.array(value, { maxLength: 2 }), metadata: fc.dictionary(text, value, { maxKeys: 2 }), dependencies: fc.array(edge, { maxLength: 2 }), aaa: value, zzz: value, 'x"status': fc.constantFrom('closed', 'open') },
  { requiredKeys: ['title', 'status'] },
);

/** What a careful reader says of a shard, or why it refuses. */
function read(lines: string): readonly Bead[] | string {
  return attempt(() => {
    const found = parseShard(shard, lines, 'c');
    checkPlaces(shard, found, 'c');
    return [...found.values()].map((stored) => stored.bead);
  });
}

function attempt<T>(look: () => T): T | string {
  try {
    return look();
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

function linesOf(beads: readonly (readonly [Record<string, unknown>, Record<string, unknown>])[]): string {
  return beads.map(([each, stamps], index) => `${canonical({ ...each, id: `gt-a.${index}`, clock: stamps })}\n`).join('');
}

const reading = suite('a shard as the projection reads it');

reading('is what a careful reader reads, whatever its texts look like', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bead, clock), { maxLength: 4 }), (beads) => {
      const lines = linesOf(beads);
      const all = read(lines) as readonly Bead[];
      const part = partOf(shard, 'oid', lines, 'c');
      assert.equal(part.beads, all.filter(matters));
      assert.equal(part.lines.map((line, index) => JSON.parse(textIn(line, shard, part.beads[index]!.id)) as unknown), part.beads);
      assert.equal([...part.lines, ...part.restLines].map((line) => (JSON.parse(line) as [string, string, Bead])[2]).sort((a, b) => (a.id < b.id ? -1 : 1)), all.filter(({ status }) => status !== 'tombstone'));
      assert.equal(part.rest, all.filter((each) => !matters(each) && each.status !== 'tombstone').map((each) => [each.id, ...(each.dependencies ?? []).map((own) => own.depends_on_id)]));
    }),
    { numRuns: 500 },
  );
});

reading('is kept as JSON that more can be put behind, whatever another program has left at the ends of its lines', () => {
  const [line = ''] = linesOf([[{ title: 'Weld', status: 'open' }, { born: stamp }]]).split('\n');
  for (const rest of ['', ' ', '\r']) {
    const { beads, lines } = partOf(shard, 'oid', `${line}${rest}\n`, 'c');
    assert.is(textIn(lines[0]!, shard, 'gt-a.0'), canonical(beads[0]));
  }
});

reading('leaves out only closed beads that point at nobody where it may, and those as a rule', () => {
  let skipped = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(bead, clock), { maxLength: 4 }), (beads) => {
      const lines = linesOf(beads);
      const all = read(lines) as readonly Bead[];
      const seen = beadsIn(shard, lines, 'c', isIdle);
      const left = all.filter(({ id }) => !seen.some((each) => each.id === id));
      assert.equal(seen, all.filter(({ id }) => seen.some((each) => each.id === id)));
      assert.equal(left.filter(({ status, dependencies = [] }) => status !== 'closed' || dependencies.length > 0), []);
      skipped += left.length;
    }),
    { numRuns: 500 },
  );
  assert.ok(skipped > 5, `${skipped} were left out`);
});

reading('refuses a line that is damaged anywhere but in its stamps as a careful reader does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bead, fc.constant({ born: stamp })), { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat({ max: 3 }), fc.constantFrom('', '{', '}', '"', ',', '\n', '<<<<<<< ours\n'), (beads, place, length, damage) => {
      const good = linesOf(beads);
      const at = place % good.length;
      fc.pre([...good.matchAll(new RegExp(`"clock":\\{"born":"${stamp}"\\},?`, 'g'))].every(({ index, 0: { length: whole } }) => at + length <= index || at >= index + whole));
      const bad = good.slice(0, at) + damage + good.slice(at + length);
      assert.equal(attempt(() => beadsIn(shard, bad, 'c')), read(bad));
    }),
    { numRuns: 1000 },
  );
});

reading.run();
