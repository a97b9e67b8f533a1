import { MissingObject } from '../../../src/git/object.ts';
import { RefMoved } from '../../../src/git/refs.ts';
import { PushRefused } from '../../../src/git/remotes.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { signatureLine } from '../../../src/git/signature.ts';
import { Objects, type Commit } from './objects.ts';
import { git, type Git } from './room.ts';
import { noTree } from './steps.ts';

const none = '0'.repeat(40);

/** Repositories whose objects and refs are maps: what the ledger asks of git, answered as git does. */
export class MemoryGit implements Git {
  readonly objects = new Objects();
  /** By repository, that is by its git directory: the refs. */
  readonly #refs = new Map<string, Map<string, string>>();

  /** `hub`: the git directory of the one remote that all have. */
  constructor(readonly hub: string) {}

  refsOf(gitDir: string): Map<string, string> {
    const known = this.#refs.get(gitDir);
    if (known !== undefined) return known;
    const fresh = new Map<string, string>();
    this.#refs.set(gitDir, fresh);
    return fresh;
  }

  copy(from: string, to: string): void {
    this.#refs.set(to, new Map(this.refsOf(from)));
  }

  readonly ObjectReader: Git['ObjectReader'] = {
    open: () => ({
      contents: async (name) => this.objects.resolve(name),
      info: async (name) => this.#infoOf(name),
      body: async (oid) => this.objects.resolve(oid)?.body ?? Promise.reject(new MissingObject(oid)),
      close: async () => undefined,
    }),
  };

  #infoOf(name: string): { oid: string; type: string; size: number } | undefined {
    const found = this.objects.resolve(name);
    return found && { oid: found.oid, type: found.type, size: found.body.length };
  }

  readonly readObjects: Git['readObjects'] = async (_repository, names) => names.map((name) => this.objects.resolve(name));

  readonly eachBody: Git['eachBody'] = async (_repository, oids, take) => {
    for (const [index, oid] of oids.entries()) {
      const found = this.objects.resolve(oid);
      if (found === undefined) throw new MissingObject(oid);
      take(found.body, index);
    }
  };

  readonly readRef: Git['readRef'] = async ({ commonDir }, ref) => this.refsOf(commonDir).get(ref);

  readonly listRefs: Git['listRefs'] = async ({ commonDir }, prefix) => {
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
    return [...this.refsOf(commonDir)].filter(([ref]) => ref === prefix || ref.startsWith(folder)).map(([ref, oid]) => ({ ref, oid })).sort((a, b) => (a.ref < b.ref ? -1 : 1));
  };

  readonly updateRefs: Git['updateRefs'] = async ({ commonDir }, changes) => {
    const refs = this.refsOf(commonDir);
    for (const { ref, from } of changes) if ((refs.get(ref) ?? null) !== from) throw new RefMoved(ref, from, refs.get(ref));
    for (const { ref, to } of changes) if (to === null) refs.delete(ref); else refs.set(ref, to);
  };

  readonly commitOn: Git['commitOn'] = async (repository, ref, parent, draft) => {
    const commit = this.#write(parent, draft);
    await this.updateRefs(repository, [{ ref, from: parent, to: commit }]);
    return commit;
  };

  readonly importCommit: Git['importCommit'] = async (repository, ref, parent, build, options = {}) => {
    const draft = await build(noTree);
    if (draft === undefined) return undefined;
    const commit = this.#write(parent, draft);
    const expected = options.expected === undefined ? parent : options.expected;
    const plain = expected === parent && (draft.extraParents ?? []).length === 0;
    await (plain ? this.updateRefs : git.updateRefs)(repository, [{ ref, from: expected, to: commit }]);
    return commit;
  };

  /** Nobody can be talked to. */
  readonly startImport: Git['startImport'] = async () => undefined;

  #write(parent: string | null, { message, author, committer, files, extraParents = [] }: NonNullable<Awaited<ReturnType<Parameters<Git['importCommit']>[3]>>>): string {
    const base = parent === null ? '' : this.objects.commit(parent).tree;
    const parents = [...(parent === null ? [] : [parent]), ...extraParents];
    return this.objects.writeCommit({ tree: this.objects.writeTree(base, files), parents, author: signatureLine(author), committer: signatureLine(committer), message });
  }

  readonly isAncestor: Git['isAncestor'] = async (_repository, ancestor, descendant) => this.objects.isAncestor(ancestor, descendant);

  readonly diffNames: Git['diffNames'] = async (_repository, from, to) => [...this.objects.difference(from, to)].map(({ path }) => path).sort();

  readonly fetch: Git['fetch'] = async ({ commonDir }, _remote, refspecs, { prune = false } = {}) => {
    const own = this.refsOf(commonDir);
    const found = new Map<string, string>();
    const sides = refspecs.map((refspec) => refspec.replace(/^\+/, '').split(':').map((side) => side.replace(/\*$/, '')) as [string, string]);
    for (const [from, to] of sides) for (const [ref, oid] of this.refsOf(this.hub)) if (ref.startsWith(from)) found.set(to + ref.slice(from.length), oid);
    if (prune) for (const ref of [...own.keys()]) if (sides.some(([, to]) => ref.startsWith(to)) && !found.has(ref)) own.delete(ref);
    for (const [ref, oid] of found) own.set(ref, oid);
  };

  readonly push: Git['push'] = async (_repository, remote, { updates, atomic = true }) => {
    const hub = this.refsOf(this.hub);
    const refused = updates.filter(({ ref, from, to }) => {
      const there = hub.get(ref) ?? null;
      if (there === to) return false;
      if (from !== undefined) return there !== from;
      return there !== null && (to === null || !this.objects.isAncestor(there, to));
    });
    const sent = atomic && refused.length > 0 ? [] : updates.filter((update) => !refused.includes(update));
    for (const { ref, to } of sent) if (to === null) hub.delete(ref); else hub.set(ref, to);
    if (refused.length > 0) throw new PushRefused(remote, refused.map(({ ref }) => ref), 'stale info');
  };

  readonly regrow: Git['regrow'] = async (repository, ref, { root, head, rootMessage, last, others }) => {
    const again = (commit: Commit, parents: readonly string[], message = commit.message): string => this.objects.writeCommit({ ...commit, parents, message });
    const first = again(this.objects.commit(root), [], rootMessage);
    const grown = new Map<string, string>();
    for (const commit of this.objects.history(head, root)) grown.set(commit.oid, again(commit, [...new Set(commit.parents.map((parent) => grown.get(parent) ?? first))]));
    const commit = this.#write(grown.get(head) ?? first, { message: last.message, author: last.author, committer: last.author, files: last.files });
    await git.updateRefs(repository, [{ ref, from: head, to: commit }, ...others]);
    return commit;
  };

  readonly runGit: Git['runGit'] = async (where, args, options) => ({ code: 0, stdout: Buffer.from(this.#answer(where, args, options?.input)), stderr: '' });

  readonly runGitNow: Git['runGitNow'] = async (where, args) => ({ code: 0, stdout: Buffer.from(this.#answer(where, args)), stderr: '', pid: 0 });

  readonly gitText: Git['gitText'] = async (where, args) => this.#answer(where, args).trim();

  /** What git prints for the few questions that the ledger asks it in words. */
  #answer(where: Repository | string, args: readonly string[], input?: string | Buffer): string {
    if (args[0] === 'log') return this.#log(args, String(input ?? ''));
    const [, contained] = /^--contains=([0-9a-f]{40})$/.exec(args[3] ?? '') ?? [];
    if (args.slice(0, 3).join(' ') === 'for-each-ref --count=1 --format=%(refname)' && contained !== undefined) return this.#refWith(where, contained, args.slice(5));
    const words = args.filter((word) => !word.startsWith('-'));
    switch (`${args[0]} ${args.filter((word) => word.startsWith('-') && word !== '--').join(' ')}`) {
      case 'rev-parse --is-shallow-repository': return 'false';
      case 'merge-base --all': return this.objects.mergeBases(words[1] ?? '', words[2] ?? '').join('\n');
      case 'rev-list --count': return String(this.objects.history(words[1] ?? '').length);
      case 'ls-tree -r -z': return this.#files(words[1] ?? '', words.slice(2)).map(({ path, oid }) => `100644 blob ${oid}\t${path}\0`).join('');
      case 'diff-tree -r -z --no-renames': return this.#differing(words[1] ?? '', words[2] ?? '', words.slice(3));
    }
    const age = /^--min-age=(\d+)$/.exec(args[3] ?? '')?.[1];
    if (args.slice(0, 3).join(' ') !== 'rev-list -1 --first-parent' || age === undefined) throw new Error(`nobody knows what git ${args.join(' ')} prints`);
    for (let next: string | undefined = args[4]; next !== undefined; next = this.objects.commit(next).parents[0]) if (this.objects.commit(next).seconds <= Number(age)) return next;
    return '';
  }

  /** The three ways in which the ledger asks for commits: some by name with all that they say, and those between two that touch some files, with or without what they did to them. */
  #log(args: readonly string[], input: string): string {
    if (args.includes('--stdin')) return input.split('\n').filter((oid) => oid !== '').map((oid) => `${this.#entryOf(this.objects.commit(oid))}\x01${this.objects.commit(oid).message}`).join('\0');
    const [to = '', without] = args.slice(1, args.indexOf('--')).filter((word) => !word.startsWith('-'));
    const paths = args.slice(args.indexOf('--') + 1);
    const touching = this.objects.history(to, without?.slice(1)).map((commit) => ({ commit, files: this.#touched(commit, paths) })).filter(({ files }) => files.length > 0);
    if (args.includes('-z')) return touching.map(({ commit }) => this.#entryOf(commit)).join('\0');
    return touching.map(({ commit, files }) => [`\x02${this.#entryOf(commit)}`, '', ...files].join('\n')).join('\n');
  }

  #entryOf({ oid, parents, seconds, author, message }: Commit): string {
    const last = message.trimEnd().split('\n\n').at(-1) ?? '';
    const trailer = (key: string): string => [...last.matchAll(new RegExp(`^${key}: (.*)$`, 'gm'))].map(([, value = '']) => value).join(' ');
    return [oid, parents.join(' '), seconds, author.slice(0, author.indexOf(' <')), trailer('Session'), trailer('Undoes'), message.split('\n', 1)[0]].join('\x01');
  }

  /** The files in which a commit differs from all of its parents, as `git log -c --raw` tells. */
  #touched({ oid, parents }: Commit, below: readonly string[]): string[] {
    const sides = (parents.length === 0 ? [undefined] : parents).map((parent) => new Map([...this.objects.difference(parent, oid)].map((each) => [each.path, each])));
    const [first = new Map<string, never>()] = sides;
    return [...first.values()].filter(({ path }) => isBelow(path, below) && sides.every((side) => side.has(path))).map(({ path, other }) => {
      const were = sides.map((side) => side.get(path)?.one);
      return `${':'.repeat(sides.length)}${[...were, other].map((entry) => entry?.mode ?? '000000').join(' ')} ${[...were, other].map((entry) => entry?.oid ?? none).join(' ')} ${'M'.repeat(sides.length)}\t${path}`;
    });
  }

  #refWith(where: Repository | string, commit: string, below: readonly string[]): string {
    const refs = this.refsOf(typeof where === 'string' ? where : where.commonDir);
    return [...refs].filter(([ref, oid]) => isBelow(ref, below.map((each) => each.replace(/\/$/, ''))) && this.objects.isAncestor(commit, oid)).map(([ref]) => `${ref}\n`).sort()[0] ?? '';
  }

  #files(commit: string, below: readonly string[]): { path: string; oid: string }[] {
    return [...this.objects.difference(undefined, commit)].flatMap(({ path, other }) => (isBelow(path, below) ? [{ path, oid: other?.oid ?? '' }] : []));
  }

  #differing(one: string, other: string, below: readonly string[]): string {
    return [...this.objects.difference(one, other)].filter(({ path }) => isBelow(path, below)).map(({ path, one: was, other: is }) => {
      const kind = was === undefined ? 'A' : is === undefined ? 'D' : 'M';
      return `:${was?.mode ?? '000000'} ${is?.mode ?? '000000'} ${was?.oid ?? none} ${is?.oid ?? none} ${kind}\0${path}\0`;
    }).join('');
  }
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.length === 0 || folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** A repository that is nowhere but in these maps; what the ledger keeps beside it lies in a real folder. */
export function memoryRepository(gitDir: string): Repository {
  return { gitDir, commonDir: gitDir, worktree: undefined, bare: true, reftable: false };
}
