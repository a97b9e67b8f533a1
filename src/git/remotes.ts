import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Broken, Busy, Refused, Usage } from '../base/errors.ts';
import { freeAllLocks } from './locks.ts';
import { checkRefName, listRefs, readRef, readSymbolicRef, updateRefs } from './refs.ts';
import { openRepository, type Repository } from './repository.ts';
import { GitFailed, gitText, runGit, type GitOptions, type GitResult } from './run.ts';
import { forgetHalfMade } from './worktrees.ts';

/** One ref of a remote to be moved: undefined for `from` takes any value that `to` contains. */
export interface PushUpdate {
  readonly ref: string;
  readonly from: string | null | undefined;
  readonly to: string | null;
}

/** Somebody else moved a ref of the remote first. */
export class PushRefused extends Busy {
  readonly code = 'push.refused';
  constructor(remote: string, refs: readonly string[], said: string) {
    super(`${refs.join(', ')} on ${remote} was moved by somebody else`, { remote, refs, said }, 'run the command again');
  }
}

/** Other processes moved each time what the fetch was about, or made and removed worktrees. */
export class FetchRaced extends Busy {
  readonly code = 'fetch.raced';
  constructor(remote: string, said: string) {
    super(`others worked in this repository each time it fetched from ${remote}`, { remote, said: said.trim() }, 'run the command again');
  }
}

/** What an earlier fetch brought and the remote no longer has, such as `a`, leaves no room for what it has now, such as `a/b`. */
export class FetchBlocked extends Refused {
  readonly code = 'fetch.blocked';
  constructor(remote: string, refspecs: readonly string[], said: string) {
    const name = /'([^']+)' exists; cannot create/.exec(said)?.[1] ?? 'a ref';
    const all = [remote, ...refspecs.map((refspec) => `'${widened(refspec)}'`)].join(' ');
    super(`${name} was fetched from ${remote} before, and stands where something else has to go now`, { remote, said: said.trim() }, `git fetch --prune ${all} (takes away what the remote no longer has)`);
  }
}

/** A rule of the remote does not allow a push. */
export class PushDenied extends Refused {
  readonly code = 'push.denied';
  /** `stayed`: all that did not move, those too that somebody else has moved. */
  constructor(remote: string, refs: readonly string[], stayed: readonly string[], said: string) {
    super(`${remote} does not take ${refs.join(', ')}: ${said.split('\n', 1)[0]}`, { remote, refs, stayed, said }, 'ask whoever keeps the remote');
  }
}

/** A remote did not answer, or is not what it was taken for. */
export class RemoteUnreachable extends Broken {
  readonly code = 'remote.unreachable';
  constructor(remote: string, said: string) {
    const line = said.split('\n').find((each) => /^(fatal|error|ssh):/.test(each)) ?? said.trim().split('\n', 1)[0];
    super(`${remote} cannot be reached: ${line}`, { remote, said }, 'check the address and the network');
  }
}

/** A folder is needed for a clone, and something is there. */
export class PathTaken extends Refused {
  readonly code = 'path.taken';
  constructor(path: string) {
    super(`${path} is there already and is not empty`, { path }, 'choose another path');
  }
}

/** Text that git would not take for the address or the name of a remote. */
export class BadRemote extends Usage {
  readonly code = 'remote.bad-name';
  constructor(remote: string) {
    super(`${JSON.stringify(remote.slice(0, 200))} is no remote`, { remote }, 'use an address or an absolute path');
  }
}

const long = 1_800_000;

/** Said on the command line, for git takes the first program that a repository's configuration names over any other configuration. */
const programs = { read: '--upload-pack=git-upload-pack', write: '--receive-pack=git-receive-pack' };

function checkRemote(remote: string): void {
  if (remote === '' || remote.startsWith('-') || /[\u0000-\u001f]/.test(remote) || /^(ext|fd)::/i.test(remote)) throw new BadRemote(remote);
}

/** Runs git against a remote; status 128 is the remote's or the network's. */
async function talk(where: Repository, remote: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  checkRemote(remote);
  const result = await runGit(where, args, { timeoutMs: long, ...options, remote: true, accept: [...(options.accept ?? [0]), 128] });
  if (result.code === 128) throw new RemoteUnreachable(remote, result.stderr);
  return result;
}

/** Clones into a bare repository whose remote branches lie in `refs/remotes/origin/`, with the remote's default branch as its one branch; leaves nothing behind when it fails. */
export async function cloneBare(url: string, path: string): Promise<Repository> {
  checkRemote(url);
  if (existsSync(path) && readdirSync(path).length > 0) throw new PathTaken(path);
  try {
    await runGit('/', ['init', '--bare', '--quiet', '--template=', '--initial-branch=main', '--', path]);
    const repository = openRepository(path);
    const config = join(path, 'config');
    await runGit(repository, ['config', '--file', config, 'remote.origin.url', url]);
    await runGit(repository, ['config', '--file', config, 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*']);
    const { stdout } = await talk(repository, 'origin', ['ls-remote', '--symref', programs.read, '--', 'origin', 'HEAD']);
    await talk(repository, 'origin', ['fetch', '--quiet', programs.read, '--tags', '--no-write-fetch-head', '--no-recurse-submodules', '--', 'origin']);
    const branch = /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(stdout.toString('utf8'))?.[1] ?? (await likelyBranch(repository));
    if (branch !== undefined) await makeDefault(repository, branch);
    return repository;
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** The branch to take where the remote names none. */
async function likelyBranch(repository: Repository): Promise<string | undefined> {
  const names = (await listRefs(repository, 'refs/remotes/origin/')).map(({ ref }) => ref.slice('refs/remotes/origin/'.length));
  return ['main', 'master'].find((name) => names.includes(name)) ?? names[0];
}

async function makeDefault(repository: Repository, branch: string): Promise<void> {
  const tip = await readRef(repository, `refs/remotes/origin/${branch}`);
  if (tip !== undefined) await updateRefs(repository, [{ ref: `refs/heads/${branch}`, from: null, to: tip }]);
  await runGit(repository, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
  await runGit(repository, ['symbolic-ref', 'refs/remotes/origin/HEAD', `refs/remotes/origin/${branch}`]);
}

const mostFetches = 5;

/** What git says when it meets a worktree that is just being made or removed: a fetch looks at the heads of all of them, and one that is made begins with a head that names no commit. */
const halfMade = /\bworktrees\/.+\/(HEAD|commondir|gitdir)\b/;

/** Whether only the program has said something that git talks through, such as ssh: git says in lines of its own why it fails. */
function isOnlyCarrier(stderr: string): boolean {
  return stderr.trim() !== '' && !/^(error: |fatal: | ! \[)/m.test(stderr);
}

/** What git says of two refs that cannot both be; newer ones, which move many at once, say the latter. */
const blocked = /exists; cannot create|refname conflict/;

/** The refspec for all that lies beside what this one brings: `+refs/heads/a/b:refs/remotes/origin/a/b` becomes `+refs/heads/*:refs/remotes/origin/*`. Only by such a one git takes away what has gone. */
function widened(refspec: string): string {
  const [from = '', to = ''] = refspec.split(':').map((side) => side.split('/'));
  let same = 0;
  while (same < Math.min(from.length, to.length) - 1 && from.at(-1 - same) === to.at(-1 - same)) same += 1;
  return same === 0 ? refspec : [from, to].map((side) => [...side.slice(0, -same), '*'].join('/')).join(':');
}

/** Fetches by these refspecs alone, or by the remote's own where there are none; throws RemoteUnreachable, FetchBlocked, and FetchRaced where others in this repository fetched the same each time, or made worktrees. */
export async function fetch(repository: Repository, remote: string, refspecs: readonly string[], options: { prune?: boolean; timeoutMs?: number } = {}): Promise<void> {
  checkRemote(remote);
  for (const refspec of refspecs) checkRefspec(refspec);
  const args = ['fetch', '--quiet', programs.read, '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', options.prune === true ? '--prune' : '--no-prune'];
  const only = refspecs.length === 0 ? [] : ['--no-tags', '--refmap='];
  const all = [...args, ...only, '--', remote, ...refspecs];
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await runGit(repository, all, { remote: true, timeoutMs: options.timeoutMs ?? long, accept: [0, 1, 128] });
    if (code === 0) return;
    if (!halfMade.test(stderr)) {
      if (code === 128 || isOnlyCarrier(stderr)) throw new RemoteUnreachable(remote, stderr);
      if (blocked.test(stderr)) throw new FetchBlocked(remote, refspecs, stderr);
      if (!raced.test(stderr)) throw new GitFailed(args, code, stderr);
    }
    if (attempt === mostFetches) throw new FetchRaced(remote, stderr);
    forgetHalfMade(repository);
    await freeAllLocks(repository);
    await new Promise((resume) => setTimeout(resume, attempt * 20 * (0.5 + (performance.now() % 1))));
  }
}

function checkRefspec(refspec: string): void {
  for (const side of refspec.replace(/^[+^]/, '').split(':')) {
    if (/^[0-9a-f]{40,64}$/.test(side) || side === 'HEAD' || side === '') continue;
    checkRefName(side.replace('*', 'x'));
  }
}

/** Moves refs of a remote, each from the value that it must have there; all of them or none. Throws PushRefused, PushDenied or RemoteUnreachable. */
export async function push(repository: Repository, remote: string, { updates, atomic = true, timeoutMs = long }: { updates: readonly PushUpdate[]; atomic?: boolean; timeoutMs?: number }): Promise<void> {
  for (const { ref } of updates) checkRefName(ref);
  if (updates.length === 0) return;
  const leases = updates.flatMap(({ ref, from }) => (from === undefined ? [] : [`--force-with-lease=${ref}:${from ?? ''}`]));
  const args = ['push', '--porcelain', programs.write, '--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no', ...(atomic ? ['--atomic'] : []), ...leases, '--', remote];
  const { code, stdout, stderr } = await talkOfPush(repository, remote, [...args, ...updates.map(({ ref, to }) => `${to ?? ''}:${ref}`)], timeoutMs);
  if (code !== 0) throw await refusal(repository, remote, updates, { porcelain: stdout.toString('utf8'), stderr, timeoutMs });
}

/** With `--atomic` a stale lease ends git with the status of a broken connection, but it still prints what became of each ref. */
async function talkOfPush(repository: Repository, remote: string, args: readonly string[], timeoutMs: number): Promise<GitResult> {
  checkRemote(remote);
  const result = await runGit(repository, args, { remote: true, timeoutMs, accept: [0, 1, 128] });
  if (result.code !== 0 && !/^!\t/m.test(result.stdout.toString('utf8'))) throw new RemoteUnreachable(remote, result.stderr);
  return result;
}

/** What git says of a ref that another process of this repository moves at the same time. */
const raced = /\block|already exists|old value|\bexpected|failed to update ref|transaction/i;

/** What a remote says of a ref that somebody else moves at this moment. */
const locked = /\block\b|\bdata is locked\b/;

interface Rejected {
  readonly ref: string;
  /** Whether the remote said no; else it was git itself, of a lease that is stale or a ref that would not go forward. */
  readonly far: boolean;
  readonly reason: string;
}

/** Why a push failed, by what git tells of each ref: what git itself has held back, somebody else has moved; and what the remote did not take as well, where it is found moved or locked there. All else is a rule of the remote. */
async function refusal(repository: Repository, remote: string, updates: readonly PushUpdate[], { porcelain, stderr, timeoutMs }: { readonly porcelain: string; readonly stderr: string; readonly timeoutMs: number }): Promise<Error> {
  const all = [...porcelain.matchAll(/^!\t[^\t]*:([^\t]+)\t\[(remote )?rejected\] \((.*)\)$/gm)].map(([, ref = '', far, reason = '']): Rejected => ({ ref, far: far !== undefined, reason }));
  // The others of a push that moves all or none.
  const rejected = all.filter(({ reason }) => !/^atomic push fail/.test(reason));
  const far = rejected.filter((each) => each.far);
  const lost = far.length === 0 ? [] : await lostRaces(repository, remote, updates, far, stderr, timeoutMs);
  const together = lost.length > 0 && far.some(({ reason }) => reason === 'atomic transaction failed');
  const denied = together ? [] : far.filter((each) => !lost.includes(each));
  const told = stderr.split('\n').flatMap((line) => (line.startsWith('remote: ') ? [line.slice('remote: '.length).trim()] : [])).filter((line) => line !== '');
  if (denied.length > 0) return new PushDenied(remote, denied.map(({ ref }) => ref), all.map(({ ref }) => ref), told.join('\n') || denied[0]!.reason);
  const first = together ? lost : rejected;
  return new PushRefused(remote, (first.length > 0 ? first : updates).map(({ ref }) => ref), stderr.trim());
}

/** Those of the refs that a remote did not take which somebody else has moved or holds. */
async function lostRaces(repository: Repository, remote: string, updates: readonly PushUpdate[], far: readonly Rejected[], stderr: string, timeoutMs: number): Promise<Rejected[]> {
  const there = new Map((await listRemoteRefs(repository, remote, far.map(({ ref }) => ref), timeoutMs)).map(({ ref, oid }) => [ref, oid]));
  const lost: Rejected[] = [];
  for (const each of far) {
    const update = updates.find(({ ref }) => ref === each.ref);
    const held = locked.test(each.reason) || (stderr.includes(`cannot lock ref '${each.ref}'`) && !blocked.test(stderr));
    if (held || (update !== undefined && (await isMoved(repository, update, there.get(each.ref))))) lost.push(each);
  }
  return lost;
}

/** Whether a remote has something else for a ref than what an update may replace. */
async function isMoved(repository: Repository, { from, to }: PushUpdate, there: string | undefined): Promise<boolean> {
  if (from !== undefined) return (there ?? null) !== from;
  if (there === undefined || to === null) return false;
  const { code } = await runGit(repository, ['merge-base', '--is-ancestor', there, to], { accept: [0, 1, 128] });
  return code !== 0;
}

/** The refs that a remote has now below these names, without fetching anything; throws RemoteUnreachable. */
export async function listRemoteRefs(repository: Repository, remote: string, patterns: readonly string[], timeoutMs = 120_000): Promise<{ ref: string; oid: string }[]> {
  const { stdout } = await talk(repository, remote, ['ls-remote', '--refs', programs.read, '--', remote, ...patterns], { timeoutMs });
  return [...stdout.toString('utf8').matchAll(/^([0-9a-f]+)\t(.+)$/gm)].map(([, oid = '', ref = '']) => ({ ref, oid }));
}

/** The address of a remote, or undefined where there is no such remote. */
export async function remoteUrl(repository: Repository, remote = 'origin'): Promise<string | undefined> {
  checkRemote(remote);
  return (await gitText(repository, ['remote', 'get-url', '--', remote], { accept: [0, 2, 128] })) || undefined;
}

/** The names of a repository's remotes, sorted. */
export async function remoteNames(repository: Repository): Promise<string[]> {
  return (await gitText(repository, ['remote'])).split('\n').filter((name) => name !== '').sort();
}

/** The short name of the branch that a repository's remote, or else the repository itself, takes for its main one. */
export async function defaultBranch(repository: Repository, remote = 'origin'): Promise<string | undefined> {
  const far = await readSymbolicRef(repository, `refs/remotes/${remote}/HEAD`);
  if (far !== undefined) return far.slice(`refs/remotes/${remote}/`.length);
  const own = await readSymbolicRef(repository, 'HEAD');
  return own?.replace(/^refs\/heads\//, '');
}
