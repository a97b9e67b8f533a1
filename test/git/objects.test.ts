import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWhole, ObjectReader } from '../../src/git/objects.ts';
import { output } from '../helpers/temporary.ts';
import { eachFormat, fresh, git, looseCommit, script, thrown } from './ground.ts';

const reading = suite('ObjectReader');

eachFormat(reading, 'reads objects by id, by ref and by path', async (format) => {
  const repo = await fresh({ format });
  const oid = await git(repo.worktree!, ['rev-parse', 'HEAD:README.md']);
  const reader = ObjectReader.open(repo);
  const expected = { oid, type: 'blob', body: Buffer.from('# A repository\n') };
  assert.equal(await Promise.all([oid, 'HEAD:README.md', 'refs/heads/main:README.md'].map((rev) => reader.contents(rev))), [expected, expected, expected]);
  assert.equal(await reader.info('HEAD:README.md'), { oid, type: 'blob', size: 15 });
  await reader.close();
});

reading('answers undefined for what is not there', async () => {
  const repo = await fresh();
  const reader = ObjectReader.open(repo);
  const missing = ['HEAD:none', 'none', '0'.repeat(40), `${'a'.repeat(40)} blob 12`, 'HEAD:a b', '--batch', ' ', 'flush', 'HEAD@{yesterday', '💎'];
  assert.equal(await Promise.all(missing.map((rev) => reader.contents(rev))), missing.map(() => undefined));
  assert.equal(await Promise.all(missing.map((rev) => reader.info(rev))), missing.map(() => undefined));
  await reader.close();
});

reading('refuses what would be two questions', async () => {
  const reader = ObjectReader.open(await fresh());
  for (const rev of ['a\nb', '', 'a\0b']) assert.is((await thrown(() => reader.info(rev))).code, 'object.bad-name');
  await reader.close();
});

reading('keeps bodies of every kind whole and in order', async () => {
  const repo = await fresh();
  const bodies = [Buffer.alloc(0), Buffer.from('\n\n'), Buffer.from([0, 10, 255]), Buffer.alloc(3 << 20, 'x'), Buffer.from('é'.repeat(70_000))];
  const oids = await Promise.all(bodies.map((input) => git(repo.gitDir, ['hash-object', '-w', '--stdin'], { input })));
  const reader = ObjectReader.open(repo);
  const asked = Array.from({ length: 500 }, (_, index) => index % bodies.length);
  const found = await Promise.all(asked.map((index) => reader.contents(oids[index]!)));
  assert.ok(found.every((each, at) => each?.body.equals(bodies[asked[at]!]!)));
  await reader.close();
});

reading('sees what is written while it is open, and what was repacked', async () => {
  const repo = await fresh();
  const reader = ObjectReader.open(repo);
  await reader.info('HEAD');
  writeFileSync(join(repo.worktree!, 'new'), 'new');
  await git(repo.worktree!, ['add', '.']);
  await git(repo.worktree!, ['commit', '-qm', 'new']);
  assert.is((await reader.contents('HEAD:new'))?.body.toString(), 'new');
  await git(repo.worktree!, ['gc', '-q', '--prune=now']);
  assert.is((await reader.contents('HEAD:new'))?.body.toString(), 'new');
  await reader.close();
});

reading('rejects what waits when git dies, and starts again', async () => {
  const repo = await fresh();
  const reader = ObjectReader.open(repo);
  await reader.info('HEAD');
  const pids = (await output(['pgrep', '-f', 'cat-file --batch-command'])).split('\n').map(Number);
  const { readlinkSync } = await import('node:fs');
  const own = pids.find((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === repo.gitDir;
    } catch {
      return false;
    }
  });
  const waiting = thrown(() => reader.info('HEAD'));
  process.kill(own!, 'SIGKILL');
  assert.is((await waiting).code, 'git.failed');
  assert.ok(await reader.info('HEAD'));
  await reader.close();
});

reading('fails in words where the repository is gone', async () => {
  const repo = await fresh();
  const reader = ObjectReader.open({ ...repo, gitDir: '/no/such/folder' });
  assert.match((await thrown(() => reader.info('HEAD'))).message, 'there is no folder');
});

reading('keeps no process alive that forgets to close it', async () => {
  const repo = await fresh();
  assert.match(await output([...script('forgetful.ts'), repo.gitDir], { timeoutMs: 10_000 }), 'commit');
});

reading.run();

const checking = suite('isWhole');

checking('sees what a commit lacks', async () => {
  const repo = await fresh();
  const tree = await git(repo.gitDir, ['mktree', '--missing'], { input: `100644 blob ${'a'.repeat(40)}\ta\n` });
  const broken = await git(repo.gitDir, ['commit-tree', tree, '-m', 'x']);
  assert.equal([await isWhole(repo, await looseCommit(repo, 'x')), await isWhole(repo, broken), await isWhole(repo, 'b'.repeat(40))], [true, false, false]);
  assert.is(await isWhole(repo, broken, [broken]), true);
});

checking.run();
