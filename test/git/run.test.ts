import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { childEnvironment } from '../../src/git/environment.ts';
import { gitText, requireGit, runGit } from '../../src/git/run.ts';
import { run, temporary } from '../helpers/temporary.ts';
import { fresh, git, script, thrown, withPath } from './ground.ts';

/** A folder for the PATH with a program called git. */
function fakeGit(body: string): string {
  const folder = temporary();
  writeFileSync(join(folder, 'git'), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, 'git'), 0o755);
  return folder;
}

const running = suite('runGit');

running('answers what git printed, byte by byte', async () => {
  const repo = await fresh();
  const oid = await gitText(repo, ['hash-object', '-w', '--stdin'], { input: Buffer.from([0, 255, 10]) });
  const { stdout, code } = await runGit(repo, ['cat-file', 'blob', oid]);
  assert.is(code, 0);
  assert.equal([...stdout], [0, 255, 10]);
});

running('carries large input and output', async () => {
  const repo = await fresh();
  const input = Buffer.alloc(20 << 20, 'x');
  const oid = await gitText(repo, ['hash-object', '-w', '--stdin'], { input });
  assert.is((await runGit(repo, ['cat-file', 'blob', oid])).stdout.length, input.length);
});

running('says which command failed and keeps what git said', async () => {
  const repo = await fresh();
  const error = await thrown(() => runGit(repo, ['cat-file', 'blob', 'nothing']));
  assert.is(error.code, 'git.failed');
  assert.match(error.message, /^git cat-file ended with 128: fatal: /);
  assert.equal(error.data?.['args'], ['cat-file', 'blob', 'nothing']);
});

running('takes a status for an answer where it is told to', async () => {
  const repo = await fresh();
  assert.is((await runGit(repo, ['config', '--get', 'no.such'], { accept: [0, 1] })).code, 1);
});

running('works on another folder than the one that the environment names', async () => {
  const repo = await fresh();
  process.env.GIT_DIR = '/nowhere';
  process.env.GIT_INDEX_FILE = '/nowhere';
  const found = await gitText(repo, ['rev-parse', '--absolute-git-dir']);
  delete process.env.GIT_DIR;
  delete process.env.GIT_INDEX_FILE;
  assert.is(found, repo.gitDir);
});

running('runs in a folder given as a path', async () => {
  const repo = await fresh();
  assert.is(await gitText(repo.worktree!, ['rev-parse', '--show-toplevel']), repo.worktree);
  assert.match((await thrown(() => runGit('relative', ['status']))).message, 'absolute');
});

running('stops git and what it started when the time is up', async () => {
  const repo = await fresh();
  const mark = join(temporary(), 'mark');
  const begun = performance.now();
  const error = await thrown(() => runGit(repo, ['-c', `alias.wait=!(sleep 3; touch ${mark}) & sleep 30`, 'wait'], { timeoutMs: 200 }));
  assert.is(error.code, 'git.timed-out');
  assert.ok(performance.now() - begun < 3000);
  await new Promise((resume) => setTimeout(resume, 3200));
  assert.not(existsSync(mark));
});

running('takes nothing more from a git that it has given up: for its silence, or because what takes its output throws', async () => {
  const repo = await fresh();
  const talkative = `${fakeGit("trap 'echo late; exit' TERM; echo early; sleep 30 & wait")}:${process.env.PATH}`;
  for (const [timeoutMs, refuse, why] of [[200, false, /said nothing for 0.2 s/], [20_000, true, /^enough$/]] as const) {
    const heard: string[] = [];
    const take = (chunk: Buffer): void => {
      heard.push(chunk.toString());
      if (refuse) throw new Error('enough');
    };
    const error = await thrown(() => withPath(talkative, () => runGit(repo, ['log'], { timeoutMs }, take).then(() => {})));
    assert.match(error.message, why);
    assert.equal(heard.filter((each) => each.includes('late')), []);
    if (refuse) assert.equal(heard, ['early\n']);
  }
});

running('does not end when git never reads its input', async () => {
  const repo = await fresh();
  assert.is((await runGit(repo, ['rev-parse', 'HEAD'], { input: Buffer.alloc(4 << 20) })).code, 0);
});

running('says that there is no git', async () => {
  const ran = await run([...script('version.ts')], { env: { PATH: temporary() } });
  assert.is(ran.stdout.trim(), 'git.missing: there is no git program on the PATH');
});

running('says that a folder is gone, not that git is', async () => {
  const error = await thrown(() => runGit('/no/such/folder', ['status']));
  assert.is(error.code, 'git.failed');
  assert.match(error.message, 'there is no folder /no/such/folder');
});

running.run();

const version = suite('requireGit');

version('answers the version', async () => assert.match(await requireGit(), /^\d+\.\d+/));

version('refuses an old git in words', async () => {
  const ran = await run([...script('version.ts')], { env: { PATH: `${fakeGit('echo git version 2.30.2')}:${process.env.PATH}` } });
  assert.is(ran.stdout.trim(), 'git.too-old: git 2.30.2 is too old: 2.38 or newer is needed');
});

version('takes 2.38 and what vendors add to a version', async () => {
  const ran = await run([...script('version.ts')], { env: { PATH: `${fakeGit("echo 'git version 2.38.0 (Apple Git-145)'")}:${process.env.PATH}` } });
  assert.is(ran.stdout.trim(), '2.38.0');
});

version('explains by it what an old git fails at', async () => {
  const old = fakeGit('case "$*" in --version) echo git version 2.20.1;; *) echo "unknown option" >&2; exit 129;; esac');
  const repo = await fresh();
  const ran = await run([...script('version.ts'), repo.gitDir], { env: { PATH: `${old}:${process.env.PATH}` } });
  assert.is(ran.stdout.trim(), 'git.too-old: git 2.20.1 is too old: 2.38 or newer is needed');
});

version.run();

const environment = suite('childEnvironment');

environment('drops what redirects git, opens programs or turns the executable into something else', () => {
  const bad = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_CONFIG_PARAMETERS', 'GIT_EXTERNAL_DIFF', 'GIT_TRACE', 'BUN_OPTIONS', 'BUN_BE_BUN', 'NODE_OPTIONS', 'PAGER', 'EDITOR', 'VISUAL', 'SSH_ASKPASS'];
  for (const name of bad) process.env[name] = '/bad';
  const made = childEnvironment();
  for (const name of bad) delete process.env[name];
  assert.equal(Object.entries(made).filter(([, value]) => value === '/bad'), []);
  assert.is(made['HOME'], process.env.HOME);
  assert.is(made['GIT_TERMINAL_PROMPT'], '0');
});

environment('keeps where a person says that the configuration is', () => {
  process.env.GIT_CONFIG_GLOBAL = '/some/config';
  const made = childEnvironment();
  delete process.env.GIT_CONFIG_GLOBAL;
  assert.is(made['GIT_CONFIG_GLOBAL'], '/some/config');
});

environment('adds what is asked for', () => assert.is(childEnvironment({ GT: '1' })['GT'], '1'));

environment('does not wait for a password', async () => {
  const repo = await fresh();
  const answer = await runGit(repo, ['credential', 'fill'], { input: 'protocol=https\nhost=example.com\n\n', accept: [128], timeoutMs: 5000 });
  assert.is(answer.code, 128);
});

environment('lets no hook run', async () => {
  const repo = await fresh();
  mkdirSync(join(repo.gitDir, 'hooks'), { recursive: true });
  const hook = join(repo.gitDir, 'hooks/reference-transaction');
  const pwned = join(temporary(), 'pwned');
  writeFileSync(hook, `#!/bin/sh\ntouch ${pwned}\n`);
  chmodSync(hook, 0o755);
  await runGit(repo, ['update-ref', 'refs/heads/x', 'HEAD']);
  assert.not(existsSync(pwned));
  await git(repo.gitDir, ['update-ref', 'refs/heads/y', 'HEAD']);
  assert.ok(existsSync(pwned));
});

environment.run();
