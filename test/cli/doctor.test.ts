import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shardOf } from '../../src/base/ids.ts';
import { git, gt, gtOutput, project, soloTown, townWithRig } from '../helpers/town.ts';

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly fixed: boolean; readonly message: string; readonly where: string }[];
}

/** What gt doctor says, and what it exits with. */
async function doctor(town: string, ...args: readonly string[]): Promise<Report & { readonly code: number | null }> {
  const { code, stdout } = await gt(town, ['doctor', '--json', ...args]);
  return { ...(JSON.parse(stdout) as Report), code };
}

/** Makes a file as old as what a process of last week has left. */
function left(path: string, content: string): void {
  writeFileSync(path, content);
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

const examining = suite('gt doctor');

examining('finds a town that it has just made in order', async () => {
  const town = await soloTown();
  assert.match(await gtOutput(town, ['doctor']), 'everything is as it should be');
});

examining('names what is wrong with a clone, and mends what loses nothing', async () => {
  const town = await soloTown();
  await gtOutput(town, ['create', 'Weld']);
  const state = join(town, '.git', 'gastown');
  await git(town, ['remote', 'add', 'hub', '/nowhere/hub.git']);
  await git(town, ['config', '--add', 'remote.hub.fetch', '+refs/beads/*:refs/beads/*']);
  await git(town, ['remote', 'add', '--mirror=push', 'spare', '/nowhere/spare.git']);
  await git(town, ['remote', 'add', '--mirror=fetch', 'twin', '/nowhere/twin.git']);
  writeFileSync(join(state, 'clock'), JSON.stringify('0zzzzzzzz000abcdef'));
  left(join(town, '.git', 'refs', 'beads', 'main.lock'), '');
  const lock = join(state, 'locks', 'ledger');
  mkdirSync(lock, { recursive: true });
  left(join(lock, 'owner'), JSON.stringify({ pid: 999_999_999, started: '1', host: hostname() }));
  utimesSync(lock, 1_700_000_000, 1_700_000_000);
  const other = await project();
  await gtOutput(other, ['init', '--no-gate', '--prefix', 'yard']);
  await git(town, ['fetch', '-q', other, 'refs/beads/main:refs/beads-remotes/hub/main']);
  const before = await doctor(town);
  assert.equal(before.findings.map(({ check }) => check).sort(), ['clock.own', 'ledger.apart', 'lock.left', 'lock.left', 'remote.forced', 'remote.forced', 'remote.mirror']);
  assert.equal([before.ok, before.code], [false, 4]);
  const fixed = await doctor(town, '--fix');
  assert.equal(fixed.findings.filter((each) => each.fixed).map(({ check }) => check).sort(), ['clock.own', 'lock.left', 'lock.left', 'remote.forced']);
  const after = await doctor(town);
  assert.equal(after.findings.map(({ check }) => check).sort(), ['ledger.apart', 'remote.forced', 'remote.mirror']);
  assert.equal((await git(town, ['config', '--get-all', 'remote.hub.fetch'])).split('\n'), ['+refs/heads/*:refs/remotes/hub/*', '+refs/beads/*:refs/beads-remotes/hub/*']);
  assert.not(existsSync(join(state, 'clock')));
  await gtOutput(town, ['create', 'Paint']);
});

examining('tells of a remote whose ledger cannot be read, and of nothing where it is as ours', async () => {
  const town = await soloTown();
  const ours = await git(town, ['rev-parse', 'refs/beads/main']);
  const loose = async (args: string[], input = ''): Promise<string> => (await git(town, args, { input })).trim();
  await git(town, ['update-ref', 'refs/beads-remotes/hub/main', ours]);
  assert.equal((await doctor(town)).findings, []);
  const tree = await loose(['mktree'], `100644 blob ${await loose(['hash-object', '-w', '--stdin'], '{"cut":0')}\tformat.json\n`);
  const cut = await loose(['commit-tree', tree, '-m', 'Cut short']);
  const orphan = await loose(['commit-tree', `${ours}^{tree}`, '-p', cut, '-m', 'Later']);
  for (const [remote, commit] of Object.entries({ hub: cut, spare: orphan })) await git(town, ['update-ref', `refs/beads-remotes/${remote}/main`, commit]);
  rmSync(join(town, '.git', 'objects', cut.slice(0, 2), cut.slice(2)));
  const { findings, code } = await doctor(town);
  assert.is(code, 4);
  assert.equal(findings.map(({ check, message }) => [check, /of (hub|spare)/.exec(message)?.[1]]), [['ledger.unreadable', 'hub'], ['ledger.unreadable', 'spare']]);
});

examining('tells damage of what the ledger here says of itself as that, and not of a remote whose ledger is sound', async () => {
  const town = await soloTown();
  const env = { GIT_INDEX_FILE: join(town, '.git', 'vandal') };
  await git(town, ['update-ref', 'refs/beads-remotes/hub/main', 'refs/beads/main']);
  await git(town, ['read-tree', 'refs/beads/main'], { env });
  const damaged = async (...edit: string[]): Promise<unknown> => {
    await git(town, ['update-index', ...edit], { env });
    await git(town, ['update-ref', 'refs/beads/main', await git(town, ['commit-tree', '-m', 'Tidy up', await git(town, ['write-tree'], { env })])]);
    const { findings, code } = await doctor(town);
    return [code, findings.map(({ check, message }) => [check, /cannot be used: (.*)/.exec(message)?.[1]])];
  };
  const blob = (await git(town, ['hash-object', '-w', '--stdin'], { input: '{"cut":0' })).trim();
  assert.equal(await damaged('--cacheinfo', `100644,${blob},format.json`), [4, [['format.bad', 'format.json is not JSON']]]);
  assert.equal(await damaged('--force-remove', 'format.json'), [4, [['format.bad', 'there is no format.json']]]);
});

examining('tells damage of the history here as that, whatever remotes it cannot be compared with', async () => {
  const town = await soloTown();
  const ours = await git(town, ['rev-parse', 'refs/beads/main']);
  const orphan = async (parent: string): Promise<string> => (await git(town, ['commit-tree', `${ours}^{tree}`, '-p', parent, '-m', 'Later'])).trim();
  const lost = await orphan(ours);
  await git(town, ['update-ref', 'refs/beads/main', await orphan(lost)]);
  for (const remote of ['hub', 'spare']) await git(town, ['update-ref', `refs/beads-remotes/${remote}/main`, ours]);
  rmSync(join(town, '.git', 'objects', lost.slice(0, 2), lost.slice(2)));
  const { findings, code } = await doctor(town);
  assert.is(code, 4);
  assert.equal(findings.map(({ check, message }) => [check, message.includes(lost), /hub|spare/.test(message)]), [['history.damaged', true, false]]);
});

examining('opens where no other command can, mends the ledger, and says what it left alone', async () => {
  const town = await soloTown();
  const weld = await gtOutput(town, ['create', 'Weld', '--silent']);
  const path = `beads/${shardOf(weld)}.jsonl`;
  const vandalize = async (text: string): Promise<void> => {
    const blob = (await git(town, ['hash-object', '-w', '--stdin'], { input: text })).trim();
    const env = { GIT_INDEX_FILE: join(town, '.git', 'vandal') };
    await git(town, ['read-tree', 'refs/beads/main'], { env });
    await git(town, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    const commit = await git(town, ['commit-tree', '-p', 'refs/beads/main', '-m', 'Tidy up', await git(town, ['write-tree'], { env })]);
    await git(town, ['update-ref', 'refs/beads/main', commit]);
  };
  const good = `${await git(town, ['show', `refs/beads/main:${path}`])}\n`;
  await vandalize(good.slice(0, 50));
  assert.is((await gt(town, ['show', weld])).code, 4);
  assert.match(await gtOutput(town, ['doctor', '--fix']), /^mended {2}\w+: beads\/\d\d\/\d\d\.jsonl, line 1: the file ends in the middle of a line \(since [0-9a-f]{12}, by Ada Lovelace\)$/);
  assert.match(await gtOutput(town, ['show', weld]), 'Weld');
  assert.match(await git(town, ['log', '-1', '--format=%B', 'refs/beads/main']), '"op":"ledger.mended"');
  await vandalize(`${good}rust\n`);
  const { code, stdout } = await gt(town, ['doctor', '--fix']);
  assert.is(code, 4);
  assert.match(stdout, /not mended, for that would lose what line 2 says, which nobody can read: "rust"/);
});

examining('takes a ledger that is missing for that one alone', async () => {
  const { town, rig } = await townWithRig();
  const weld = await gtOutput(town, ['create', 'Weld', '--rig', 'shop', '--silent']);
  await gtOutput(town, ['create', 'Paint', '--deps', weld]);
  await git(join(rig, '.repo.git'), ['update-ref', '-d', 'refs/beads/main']);
  const { findings } = await doctor(town);
  assert.equal(findings.map(({ check, where }) => [check, where]), [['ledger.missing', 'shop']]);
});

examining.run();
