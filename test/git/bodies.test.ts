import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eachBody } from '../../src/git/bodies.ts';
import { temporary } from '../helpers/temporary.ts';
import { fresh, git, thrown } from './ground.ts';

const bodies = suite('eachBody');
const pipes = temporary();

/** Adds a test for a machine with named pipes, and for one where there are none. */
function bothWays(name: string, test: () => Promise<void>): void {
  for (const [how, folder] of [['through pipes', pipes], ['through streams', join(pipes, 'none')]] as const) {
    bodies(`${name}, ${how}`, async () => {
      process.env.XDG_RUNTIME_DIR = folder;
      await test();
      assert.equal(readdirSync(join(pipes, `gastown-${process.getuid?.()}`)).filter((each) => !each.startsWith('free')), []);
    });
  }
}

bothWays('hands over bodies of every kind whole and in order', async () => {
  const repo = await fresh();
  const bodies = [Buffer.alloc(0), Buffer.from('\n\n'), Buffer.from([0, 10, 255]), Buffer.alloc(3 << 20, 'x'), Buffer.from('é'.repeat(70_000))];
  const oids = await Promise.all(bodies.map((input) => git(repo.gitDir, ['hash-object', '-w', '--stdin'], { input })));
  const asked = Array.from({ length: 500 }, (_, index) => index % bodies.length);
  const seen: number[] = [];
  await eachBody(repo, asked.map((index) => oids[index]!), (body, at) => {
    if (body.equals(bodies[asked[at]!]!)) seen.push(at);
  });
  assert.equal(seen, asked.map((_, at) => at));
  await eachBody(repo, [], () => assert.unreachable());
});

bothWays('copies a huge body no more than twice, in however many pieces it comes', async () => {
  const repo = await fresh();
  const size = 8 << 20;
  const oid = await git(repo.gitDir, ['hash-object', '-w', '--stdin'], { input: Buffer.alloc(size, 'x') });
  const { concat } = Buffer;
  let copied = 0;
  Buffer.concat = (pieces, length) => {
    const joined = concat(pieces, length);
    copied += joined.length;
    return joined;
  };
  try {
    await eachBody(repo, [oid], (body) => assert.is(body.length, size));
  } finally {
    Buffer.concat = concat;
  }
  assert.ok(copied < 2 * size, `${copied} bytes were copied`);
});

bothWays('names the object that is lost, and passes on what its taker throws', async () => {
  const repo = await fresh();
  const [oid, lost] = [await git(repo.worktree!, ['rev-parse', 'HEAD:README.md']), 'a'.repeat(40)];
  let taken = 0;
  const failure = await thrown(() => eachBody(repo, [oid, lost, oid], () => void (taken += 1)));
  assert.equal([failure.code, failure.data, taken], ['object.missing', { oid: lost }, 1]);
  const broken = await eachBody(repo, [oid, oid], () => assert.unreachable('the taker')).catch((error: Error) => error.message);
  assert.is(broken, 'the taker');
});

bodies('asks a second git for what the first one was killed before', async () => {
  process.env.XDG_RUNTIME_DIR = pipes;
  const repo = await fresh();
  const oids = await Promise.all(Array.from({ length: 40 }, (_, index) => git(repo.gitDir, ['hash-object', '-w', '--stdin'], { input: String(index).repeat(30_000) })));
  const seen: string[] = [];
  await eachBody(repo, oids, (body, index) => {
    if (index === 3) execFileSync('pkill', ['-KILL', '-P', String(process.pid), 'git']);
    seen.push(`${index}:${body.length}`);
  });
  assert.equal(seen, oids.map((_, index) => `${index}:${String(index).length * 30_000}`));
});

bodies.run();
