import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isClean, moveCheckout } from '../../src/git/checkout.ts';
import { importCommit } from '../../src/git/import.ts';
import { commitTree, diffNames, mergeTree } from '../../src/git/merging.ts';
import { readNotes, writeNote } from '../../src/git/notes.ts';
import { ObjectReader } from '../../src/git/objects.ts';
import { listRefs, readRef, updateRefs } from '../../src/git/refs.ts';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { fetch, listRemoteRefs, push } from '../../src/git/remotes.ts';
import { hostileOverrides, runGit } from '../../src/git/run.ts';
import { commitWorktree, resetWorktree, snapshotWorktree } from '../../src/git/snapshot.ts';
import { addWorktree, configureWorktree, listWorktrees, removeWorktree } from '../../src/git/worktrees.ts';
import { output, repository, temporary } from '../helpers/temporary.ts';
import { fresh, furiosa, git, writeBlob } from './ground.ts';

const message = 'Left-overs\n';

interface Trap {
  readonly repo: Repository;
  readonly hub: Repository;
  readonly head: string;
  /** Everything that ran, by its name. */
  readonly sprung: () => string[];
}

/** A worker's worktree whose configuration, attributes and hooks would leave a mark for each means by which they run something. */
async function trap(): Promise<Trap> {
  const marks = temporary();
  const programs = temporary();
  /** A program that leaves a mark, whatever it is called with. */
  const mark = (name: string): string => {
    const program = join(programs, name);
    writeFileSync(program, `#!/bin/sh\ntouch ${marks}/${name}\n`);
    chmodSync(program, 0o755);
    return program;
  };
  const seed = await fresh();
  const hub = openRepository(await repository({ bare: true }));
  const rig = openRepository(await repository({ bare: true }));
  for (const to of [hub, rig]) await git(seed.worktree!, ['push', '-q', to.gitDir, 'main']);
  const repo = await addWorktree(rig, join(temporary(), 'nux'), { branch: 'nux', newBranch: true, startPoint: (await readRef(rig, 'refs/heads/main'))! });
  await configureWorktree(repo.worktree!, { 'gastown.agent': 'nux' });

  const hooks = temporary();
  const names = ['reference-transaction', 'post-checkout', 'post-commit', 'pre-commit', 'commit-msg', 'prepare-commit-msg', 'post-index-change', 'pre-push', 'post-merge', 'post-rewrite', 'fsmonitor-watchman', 'pre-auto-gc'];
  for (const folder of [hooks, join(rig.gitDir, 'hooks')]) {
    mkdirSync(folder, { recursive: true });
    for (const name of names) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${mark(`hook-${name}`)}\n`);
      chmodSync(join(folder, name), 0o755);
    }
  }
  const included = join(temporary(), 'included');
  const filter = (name: string): [string, string][] => [
    [`filter.${name}.clean`, `${mark(`${name}-clean`)}; cat`],
    [`filter.${name}.smudge`, `${mark(`${name}-smudge`)}; cat`],
  ];
  const own: [string, string][] = [
    ['core.hooksPath', hooks],
    ['core.fsmonitor', `${mark('fsmonitor')}; false`],
    ['core.pager', mark('pager')],
    ['core.editor', mark('editor')],
    ['core.sshCommand', mark('ssh')],
    ['core.askPass', mark('askpass')],
    ['core.gitProxy', mark('proxy')],
    ['core.alternateRefsCommand', mark('alternates')],
    ...filter('evil'),
    ['filter.evil.required', 'true'],
    ['filter.long.process', mark('process')],
    ['diff.external', mark('diff-external')],
    ['diff.evil.command', mark('diff-command')],
    ['diff.evil.textconv', mark('textconv')],
    ['merge.evil.driver', `${mark('driver')}; exit 0`],
    ['gpg.program', mark('gpg')],
    ['commit.gpgSign', 'true'],
    ['push.gpgSign', 'if-asked'],
    ['user.signingKey', 'x'],
    ['credential.helper', `!${mark('credential')}`],
    ['remote.origin.url', hub.gitDir],
    ['remote.origin.uploadpack', `${mark('uploadpack')}; git-upload-pack`],
    ['remote.origin.receivepack', `${mark('receivepack')}; git-receive-pack`],
    ['remote.ssh.url', 'ssh://127.0.0.1:1/x'],
    ['remote.proxied.url', 'git://127.0.0.1:1/x'],
    ['remote.ext.url', `ext::${mark('ext')}`],
    ['remote.lazy.url', hub.gitDir],
    ['remote.lazy.promisor', 'true'],
    ['remote.lazy.uploadpack', `${mark('lazy')}; git-upload-pack`],
    ['extensions.partialClone', 'lazy'],
    ['protocol.ext.allow', 'always'],
    ['hook.evil.event', 'reference-transaction'],
    ['hook.evil.command', mark('config-hook')],
    ['sequence.editor', mark('sequence')],
    ['include.path', included],
    ...['status', 'reset', 'clean', 'fetch', 'push', 'update-index', 'worktree', 'remote-ext'].map((name): [string, string] => [`alias.${name}`, `!${mark(`alias-${name}`)}`]),
  ];
  for (const [key, value] of own) await git(rig.gitDir, ['config', key, value]);
  for (const [key, value] of filter('included')) await git('/', ['config', '--file', included, key, value]);
  for (const [key, value] of filter('private')) await git('/', ['config', '--file', join(repo.gitDir, 'config.worktree'), key, value]);
  const attributes = '* filter=evil diff=evil merge=evil\n*.inc filter=included\n*.prv filter=private\n*.long filter=long\n';
  writeFileSync(join(repo.worktree!, '.gitattributes'), attributes);
  mkdirSync(join(rig.gitDir, 'info'), { recursive: true });
  writeFileSync(join(rig.gitDir, 'info/attributes'), attributes);
  for (const name of ['a', 'a.inc', 'a.prv', 'a.long']) writeFileSync(join(repo.worktree!, name), `${name} is new\n`);
  writeFileSync(join(repo.worktree!, 'README.md'), '# A REPOSITORY\n'); // of the same length, so that git must look inside
  return { repo, hub, head: (await readRef(repo, 'HEAD'))!, sprung: () => readdirSync(marks).sort() };
}

const tempting = suite('a hostile repository');

tempting('would run much through plain git', async () => {
  const { repo, sprung } = await trap();
  const at = { cwd: repo.worktree! };
  for (const args of [['status'], ['add', 'a', 'a.inc', 'a.prv'], ['add', 'a.long'], ['commit', '--no-gpg-sign', '-m', 'x'], ['diff', 'HEAD^', 'HEAD'], ['fetch', 'origin'], ['fetch', 'ssh'], ['fetch', 'proxied'], ['fetch', 'ext'], ['cat-file', '-e', 'a'.repeat(40)], ['push', 'origin', 'nux']]) {
    await output(['git', ...args], at).catch(() => {});
  }
  const ran = sprung();
  for (const name of ['fsmonitor', 'evil-clean', 'included-clean', 'private-clean', 'process', 'hook-post-commit', 'hook-reference-transaction', 'diff-command', 'uploadpack', 'ssh', 'proxy', 'lazy', 'receivepack', 'ext']) assert.ok(ran.includes(name), `${name} of ${ran.join(' ')}`);
});

const steps: Record<string, (trap: Trap) => Promise<unknown>> = {
  snapshotWorktree: ({ repo }) => snapshotWorktree(repo, { ref: 'refs/wip/nux/_', message, author: furiosa }),
  commitWorktree: ({ repo }) => commitWorktree(repo, { message, author: furiosa }),
  resetWorktree: ({ repo, head }) => resetWorktree(repo, head),
  isClean: ({ repo }) => isClean(repo),
  moveCheckout: async ({ repo, head }) => {
    await resetWorktree(repo, head);
    const to = (await importCommit(repo, 'refs/heads/nux', head, async () => ({ message, author: furiosa, committer: furiosa, files: new Map([['new.inc', 'x'], ['.gitattributes', '* filter=evil\n']]) })))!;
    await moveCheckout(repo, head, to);
  },
  'addWorktree, listWorktrees and removeWorktree': async ({ repo }) => {
    const path = join(temporary(), 'other');
    const commit = (await snapshotWorktree(repo, { message, author: furiosa })).commit;
    await addWorktree(repo, path, { startPoint: commit });
    await listWorktrees(repo);
    await removeWorktree(repo, path, { force: true });
  },
  fetch: ({ repo }) => fetch(repo, 'origin', ['+refs/heads/*:refs/remotes/origin/*']),
  'fetch by ssh, through a proxy and by a program': async ({ repo }) => {
    for (const remote of ['ssh', 'proxied', 'ext']) await fetch(repo, remote, []).catch(() => {});
  },
  listRemoteRefs: ({ repo }) => listRemoteRefs(repo, 'origin', []),
  push: async ({ repo, head }) => {
    await push(repo, 'origin', { updates: [{ ref: 'refs/heads/nux', from: null, to: head }] });
    await push(repo, 'ssh', { updates: [{ ref: 'refs/heads/nux', from: null, to: head }] }).catch(() => {});
  },
  'asking for a password': ({ repo }) => runGit(repo, ['credential', 'fill'], { input: 'protocol=https\nhost=example.com\n\n', accept: [128], guarded: true }),
  mergeTree: async ({ repo, head }) => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (text) => {
        const ref = `refs/wip/${text}/_`;
        await updateRefs(repo, [{ ref, from: null, to: head }]);
        return importCommit(repo, ref, head, async () => ({ message, author: furiosa, committer: furiosa, files: new Map([['README.md', text]]) }));
      }),
    );
    const { conflicts } = await mergeTree(repo, { base: head, ours: one!, theirs: two! });
    assert.equal(conflicts, ['README.md']);
    await diffNames(repo, one!, two!);
  },
  'objects that are missing': async ({ repo }) => {
    const reader = ObjectReader.open(repo);
    assert.is(await reader.contents('a'.repeat(40)), undefined);
    await reader.close();
    await commitTree(repo, { tree: 'a'.repeat(40), parents: [], message, author: furiosa, committer: furiosa }).catch(() => {});
    await mergeTree(repo, { base: null, ours: 'a'.repeat(40), theirs: 'b'.repeat(40) }).catch(() => {});
    await updateRefs(repo, [{ ref: 'refs/wip/x/_', from: null, to: 'a'.repeat(40) }]).catch(() => {});
    await importCommit(repo, 'refs/wip/x/_', 'a'.repeat(40), async (tree) => ((await tree.read('a')) ? undefined : undefined)).catch(() => {});
  },
  'files that are missing where they are merged': async ({ repo, head }) => {
    const tree = (oid: string): Promise<string> => git(repo.gitDir, ['mktree', '--missing'], { input: `100644 blob ${oid.repeat(40)}\ta\n`, env: { GIT_NO_LAZY_FETCH: '1' } });
    await mergeTree(repo, { base: head, ours: await tree('a'), theirs: await tree('b') }).catch(() => {});
  },
  'writing refs, commits, blobs and notes': async ({ repo, head }) => {
    await updateRefs(repo, [{ ref: 'refs/wip/x/_', from: null, to: head }], { reflog: 'x' });
    await importCommit(repo, 'refs/beads/main', null, async () => ({ message, author: furiosa, committer: furiosa, files: new Map([['a.inc', 'x']]) }));
    await writeNote(repo, 'refs/notes/mail', await writeBlob(repo, 'x'), () => 'x', furiosa);
    await readNotes(repo, 'refs/notes/mail', head);
    await listRefs(repo, 'refs/wip/');
  },
};

for (const [name, step] of Object.entries(steps)) {
  tempting(`runs nothing through ${name}`, async () => {
    const made = await trap();
    await step(made);
    assert.equal(made.sprung(), []);
  });
}

tempting('runs nothing of a repository inside the worktree', async () => {
  const { repo, sprung } = await trap();
  const marks = temporary();
  const inner = await repository({ path: join(repo.worktree!, 'inner') });
  await output(['git', 'add', 'inner'], { cwd: repo.worktree!, env: { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: '/dev/null', GIT_CONFIG_KEY_1: 'core.fsmonitor', GIT_CONFIG_VALUE_1: 'false' } }).catch(() => {});
  const before = sprung();
  await git(inner, ['config', 'filter.nested.clean', `touch ${marks}/nested; cat`]);
  await git(inner, ['config', 'core.fsmonitor', `touch ${marks}/fsmonitor; false`]);
  writeFileSync(join(inner, '.gitattributes'), '* filter=nested\n');
  writeFileSync(join(inner, 'README.md'), '# Another text\n');
  await isClean(repo);
  await snapshotWorktree(repo, { message, author: furiosa });
  await commitWorktree(repo, { message, author: furiosa });
  await resetWorktree(repo, (await readRef(repo, 'HEAD'))!);
  assert.equal([readdirSync(marks), sprung()], [[], before]);
});

tempting('does not write outside the worktree that it claims to be', async () => {
  const { repo, head, sprung } = await trap();
  const elsewhere = temporary();
  writeFileSync(join(elsewhere, 'precious'), '');
  await git(repo.commonDir, ['config', '--file', join(repo.gitDir, 'config.worktree'), 'core.worktree', elsewhere]);
  await resetWorktree(repo, head);
  symlinkSync(elsewhere, join(repo.worktree!, 'link'));
  await commitWorktree(repo, { message, author: furiosa });
  await resetWorktree(repo, head);
  assert.equal([readdirSync(elsewhere), sprung()], [['precious'], []]);
});

tempting.run();

const overriding = suite('hostileOverrides');

overriding("puts the person's own filter in the place of the repository's", async () => {
  const { repo, sprung } = await trap();
  const marks = temporary();
  await git('/', ['config', '--global', 'filter.evil.clean', `touch ${marks}/own; cat`]);
  await git('/', ['config', '--global', '--add', 'credential.helper', 'one']);
  await git('/', ['config', '--global', '--add', 'credential.helper', 'two']);
  const overrides = await hostileOverrides(repo);
  await snapshotWorktree(repo, { message, author: furiosa });
  rmSync(join(process.env.HOME!, '.gitconfig'));
  writeFileSync(join(process.env.HOME!, '.gitconfig'), '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n');
  assert.equal(overrides['filter.evil.clean'], ['', `touch ${marks}/own; cat`]);
  assert.equal(overrides['credential.helper'], ['', 'one', 'two']);
  assert.equal(overrides['filter.included.smudge'], ['']);
  assert.equal([readdirSync(marks), sprung()], [['own'], []]);
});

overriding('leaves an ordinary repository as it is', async () => assert.equal(await hostileOverrides(await fresh()), {}));

overriding.run();
