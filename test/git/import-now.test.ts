import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commitOn } from '../../src/git/commit.ts';
import type { CommitDraft } from '../../src/git/draft.ts';
import { importCommit } from '../../src/git/import.ts';
import { startImport, type ImportNow } from '../../src/git/import-now.ts';
import { openPipes } from '../../src/git/pipes.ts';
import { readRef } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { loseObject } from '../helpers/ledger.ts';
import { output, temporary } from '../helpers/temporary.ts';
import { filesOf, fresh, furiosa, git, script, thrown } from './ground.ts';

const ref = 'refs/beads/main';
const pipes = temporary();
process.env.XDG_RUNTIME_DIR = pipes;
const name = `gastown-${process.getuid?.()}`;
const folder = join(pipes, name);

function draft(files: Record<string, string>): CommitDraft {
  return { message: 'Patch the war rig\n', author: furiosa, committer: furiosa, files: new Map(Object.entries(files)) };
}

async function ground(files: Record<string, string> = { 'beads/00/01.jsonl': '{}\n' }): Promise<{ repo: Repository; first: string }> {
  const repo = await fresh();
  return { repo, first: (await importCommit(repo, ref, null, async () => draft(files)))! };
}

async function started(repo: Repository, patience?: number): Promise<ImportNow> {
  const import_ = await startImport(repo, patience);
  assert.ok(import_, 'there are pipes on this machine');
  return import_;
}

/** What it answers from now on where it is asked for commits. */
function answersOf(one: ImportNow, then: (commit: string | undefined) => void = () => undefined): (string | undefined)[] {
  const answered: (string | undefined)[] = [];
  const { commit } = one;
  one.commit = (stream) => {
    const written = commit.call(one, stream);
    answered.push(written);
    then(written);
    return written;
  };
  return answered;
}

const now = suite('startImport');

now('reads files of a commit and writes the next one, in one process', async () => {
  const long = `${'x'.repeat(200_000)}\n`;
  const { repo, first } = await ground({ 'beads/00/01.jsonl': '{}\n', 'beads/long': long, empty: '' });
  const one = await started(repo);
  const found = one.files(first, ['beads/long', 'none', 'beads/none/a', 'empty', 'beads/00/01.jsonl']);
  assert.equal(found?.map((body) => body?.toString()), [long, undefined, undefined, '', '{}\n']);
  assert.equal(one.files(first, ['empty'])?.map(String), ['']);
  const answered = answersOf(one);
  const second = await commitOn(repo, ref, first, draft({ 'beads/00/01.jsonl': `{"a":1}\n${long}` }), one);
  assert.equal([await readRef(repo, ref), answered], [second, [second]], 'it was written by that process');
  assert.is(await git(repo.gitDir, ['show', `${second}:beads/00/01.jsonl`]), `{"a":1}\n${long.trimEnd()}`);
  assert.is(await git(repo.gitDir, ['fsck', '--no-dangling', '--strict']), '');
  assert.is(one.files(second, ['empty']), undefined, 'it has ended');
  one.close();
});

now('writes the very commit that is written without it', async () => {
  const [one, two] = [await ground(), await ground()];
  assert.is(await commitOn(one.repo, ref, one.first, draft({ a: '1\n' }), await started(one.repo)), await commitOn(two.repo, ref, two.first, draft({ a: '1\n' })));
});

now('ends without a commit, and leaves nothing behind', async () => {
  const { repo, first } = await ground();
  const [files, packs] = [readdirSync(repo.gitDir), filesOf(repo.gitDir, '.pack')];
  (await started(repo)).close();
  const one = await started(repo);
  one.files(first, ['none']);
  one.close();
  assert.equal([readdirSync(repo.gitDir), filesOf(repo.gitDir, '.pack'), await readRef(repo, ref)], [files, packs, first]);
  assert.equal(readdirSync(folder), ['free-1']);
});

now('answers nothing of an object that is lost, or of a folder on the way to it', async () => {
  for (const path of ['beads/00/01.jsonl', 'beads/00', 'beads']) {
    const { repo, first } = await ground();
    await loseObject({ repository: repo }, `${first}:${path}`);
    const one = await started(repo);
    assert.is(one.files(first, ['beads/00/01.jsonl']), undefined, path);
    one.close();
  }
});

now('is no way to lose a commit: where git is killed at any moment, the slower way writes it', async () => {
  for (const moment of ['at once', 'after it was asked', 'while it is told'] as const) {
    const { repo, first } = await ground();
    const one = await started(repo);
    if (moment === 'at once') process.kill(one.pid!, 'SIGKILL');
    if (moment !== 'at once') assert.equal(one.files(first, ['beads/00/01.jsonl'])?.map(String), ['{}\n']);
    if (moment === 'after it was asked') process.kill(one.pid!, 'SIGKILL');
    const files = new Map([['b', (): string => (moment === 'while it is told' && process.kill(one.pid!, 'SIGKILL'), 'x'.repeat(300_000))]]);
    const second = await commitOn(repo, ref, first, { ...draft({}), files }, one);
    one.close();
    assert.equal([await readRef(repo, ref), await git(repo.gitDir, ['rev-parse', `${second}^`])], [second, first], moment);
    assert.equal(readdirSync(repo.gitDir).filter((name) => name.startsWith('fast_import_crash')), [], moment);
  }
});

now('finds out that the ref was moved meanwhile', async () => {
  const { repo, first } = await ground();
  for (const moment of ['before it is told', 'while it is told'] as const) {
    const one = await started(repo);
    one.files(first, ['none']);
    const other = await commitOn(repo, 'refs/beads/other', (await importCommit(repo, 'refs/beads/other', null, async () => draft({ a: moment })))!, draft({ other: '1\n' }));
    const move = (): void => void execFileSync('git', ['update-ref', ref, other], { cwd: repo.gitDir });
    if (moment === 'before it is told') move();
    const answered = answersOf(one);
    const own = new Map([['own', (): string => (moment === 'while it is told' && move(), '1\n')]]);
    assert.is((await thrown(() => commitOn(repo, ref, first, { ...draft({}), files: own }, one))).code, 'ref.moved');
    one.close();
    assert.equal([await readRef(repo, ref), answered.length], [other, moment === 'while it is told' ? 1 : 0], moment);
    await output(['git', 'update-ref', '-d', 'refs/beads/other'], { cwd: repo.gitDir });
    await output(['git', 'update-ref', ref, first], { cwd: repo.gitDir });
  }
});

now('takes a commit for written from which somebody has gone on before anybody looked', async () => {
  const { repo, first } = await ground();
  const one = await started(repo);
  let last = '';
  const answered = answersOf(one, (commit) => {
    last = execFileSync('git', ['commit-tree', '-p', commit!, '-m', 'On', `${commit}^{tree}`], { cwd: repo.gitDir, encoding: 'utf8' }).trim();
    execFileSync('git', ['update-ref', ref, last], { cwd: repo.gitDir });
  });
  const second = await commitOn(repo, ref, first, draft({ own: '1\n' }), one);
  assert.equal([answered, await readRef(repo, ref)], [[second], last]);
});

now('writes what a writer that was killed had begun to keep, whichever way it is written', async () => {
  const { repo: before, first } = await ground();
  const known = filesOf(before.gitDir, '.pack');
  await commitOn(before, ref, first, draft({ same: '1\n' }));
  const [kept = ''] = filesOf(before.gitDir, '.pack').filter((path) => !known.includes(path));
  const ways: ((repo: Repository) => Promise<unknown>)[] = [
    (repo) => importCommit(repo, ref, first, async () => draft({ same: '1\n' })),
    (repo) => commitOn(repo, ref, first, draft({ same: '1\n' })),
    async (repo) => commitOn(repo, ref, first, draft({ same: '1\n' }), await started(repo)),
  ];
  for (const way of ways) {
    const { repo } = await ground();
    const folder = join(repo.gitDir, 'objects/pack');
    const [stale, foreign] = [join(folder, basename(kept).replace('.pack', '.keep')), join(folder, `pack-${'0'.repeat(40)}.keep`)];
    writeFileSync(stale, 'fast-import');
    writeFileSync(foreign, 'fetch-pack 1 on citadel');
    assert.is(await way(repo), await readRef(before, ref));
    assert.equal([existsSync(stale), existsSync(foreign), await readRef(repo, ref)], [false, true, await readRef(before, ref)]);
  }
});

now('does not wait for ever', async () => {
  const { repo, first } = await ground();
  const one = await started(repo, 100);
  process.kill(one.pid!, 'SIGSTOP');
  assert.is((await thrown(() => one.files(first, ['none']))).code, 'git.timed-out');
  one.close();
  const other = await started(repo, 100);
  process.kill(other.pid!, 'SIGSTOP');
  other.close();
  assert.equal(readdirSync(folder).filter((name) => !name.startsWith('free')), [], 'what a process may still have open is not used again');
});

now('is not there where refs are kept in a reftable', async () => {
  const { repo } = await ground();
  assert.is(await startImport({ ...repo, reftable: true }), undefined);
});

now('has its pipes where nobody else may enter, and passes by what cannot be used', () => {
  const [forged, closed, own] = [temporary(), temporary(), temporary()];
  mkdirSync(join(forged, name));
  chmodSync(join(forged, name), 0o770);
  symlinkSync(own, join(closed, name));
  for (const place of [forged, closed, join(own, 'none'), 'relative', '']) {
    const pair = openPipes({ XDG_RUNTIME_DIR: place, TMPDIR: own })!;
    assert.is(readdirSync(join(own, name)).length, 1, place);
    pair.close(false);
  }
  assert.equal(readdirSync(join(forged, name)), []);
});

now('does without where there is nothing to make pipes with, and leaves nothing there', async () => {
  const there = temporary();
  const [program = '', ...args] = [...script('taker.ts'), there];
  assert.is(await output([program, ...args], { env: { PATH: join(there, 'none') } }), 'none none');
  assert.equal(readdirSync(join(there, name)), []);
});

now('reads a huge file without joining it from pieces', async () => {
  const { repo, first } = await ground({ huge: 'x'.repeat(8 << 20) });
  const one = await started(repo);
  const { concat } = Buffer;
  Buffer.concat = () => {
    throw new Error('pieces are joined');
  };
  try {
    assert.is(one.files(first, ['huge'])?.[0]?.length, 8 << 20);
  } finally {
    Buffer.concat = concat;
    one.close();
  }
});

now('gives no two processes the same pipes, also where one was killed', async () => {
  const there = temporary();
  const pair = (): ReturnType<typeof openPipes> => openPipes({ TMPDIR: there });
  const [one, two] = [pair()!, pair()!];
  const inside = join(there, name);
  assert.is(readdirSync(inside).length, 2);
  one.close(true);
  const killed = spawn(script('taker.ts')[0]!, [...script('taker.ts').slice(1), there], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => killed.stdout.once('data', resolve));
  assert.not(existsSync(join(inside, 'free-1')), 'the other process has it');
  killed.kill('SIGKILL');
  await once(killed, 'close');
  const three = pair()!;
  assert.equal(readdirSync(inside).map((name) => name.split('-')[0]), [String(process.pid), String(process.pid)], 'what the killed one had is gone');
  three.close(false);
  two.close(true);
  assert.equal(readdirSync(inside), ['free-1']);
});

now.run();
