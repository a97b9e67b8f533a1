import { createHash } from 'node:crypto';
import type { FileDraft } from '../../../src/git/draft.ts';
import { Bits } from './bits.ts';

export type Kind = 'blob' | 'tree' | 'commit';

export interface Found {
  readonly oid: string;
  readonly type: Kind;
  readonly body: Buffer;
}

interface Entry {
  readonly mode: string;
  readonly oid: string;
}

type Tree = ReadonlyMap<string, Entry>;

export interface Commit {
  readonly oid: string;
  /** The place among all commits: parents come before their children. */
  readonly number: number;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly committer: string;
  /** Of the committer, since 1970. */
  readonly seconds: number;
  readonly message: string;
  /** The numbers of all commits of its history, its own too. */
  readonly history: Bits;
}

interface CommitFacts {
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <e-mail> seconds zone` each. */
  readonly author: string;
  readonly committer: string;
  readonly message: string;
}

const folderMode = '40000';
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** Git's objects in maps, by the names that git itself gives them. */
export class Objects {
  readonly #bodies = new Map<string, Found>();
  readonly #trees = new Map<string, Tree>([[emptyTree, new Map()]]);
  readonly #commits = new Map<string, Commit>();
  readonly #numbered: Commit[] = [];

  commit(oid: string): Commit {
    const found = this.#commits.get(oid);
    if (found === undefined) throw new Error(`there is no commit ${oid}`);
    return found;
  }

  /** What a name such as an oid, `commit:path` or `commit^{tree}` means. */
  resolve(name: string): Found | undefined {
    const [, commit = name, path] = /^([0-9a-f]{40}):(.*)$/.exec(name) ?? [];
    if (path === undefined) return name.endsWith('^{tree}') ? this.#bodies.get(this.commit(name.slice(0, 40)).tree) : this.#bodies.get(commit);
    let oid = this.#commits.get(commit)?.tree;
    for (const part of path.split('/')) oid = oid === undefined ? undefined : this.#trees.get(oid)?.get(part)?.oid;
    return oid === undefined ? undefined : this.#bodies.get(oid);
  }

  writeBlob(body: Buffer): string {
    return this.#write('blob', body);
  }

  writeCommit(facts: CommitFacts): string {
    const text = [`tree ${facts.tree}`, ...facts.parents.map((parent) => `parent ${parent}`), `author ${facts.author}`, `committer ${facts.committer}`, '', facts.message].join('\n');
    const oid = this.#write('commit', Buffer.from(text));
    if (this.#commits.has(oid)) return oid;
    const number = this.#numbered.length;
    const history = facts.parents.reduce((all, parent) => all.join(this.commit(parent).history), new Bits()).add(number);
    const commit: Commit = { ...facts, oid, number, history, seconds: Number(/> (\d+) /.exec(facts.committer)?.[1]) };
    this.#commits.set(oid, commit);
    this.#numbered.push(commit);
    return oid;
  }

  /** A tree with some of its files changed. */
  writeTree(base: string, files: ReadonlyMap<string, FileDraft>): string {
    const own = new Map(this.#trees.get(base) ?? []);
    const below = new Map<string, Map<string, FileDraft>>();
    for (const [path, content] of files) {
      const slash = path.indexOf('/');
      const name = slash === -1 ? path : path.slice(0, slash);
      if (slash !== -1) below.set(name, (below.get(name) ?? new Map<string, FileDraft>()).set(path.slice(slash + 1), content));
      else if (content === null) own.delete(name);
      else if (typeof content === 'function') own.set(name, { mode: '100644', oid: this.writeBlob(Buffer.from(content())) });
      else if (typeof content === 'string' || Buffer.isBuffer(content)) own.set(name, { mode: '100644', oid: this.writeBlob(Buffer.from(content)) });
      else own.set(name, { mode: content.mode.replace(/^0/, ''), oid: content.oid });
    }
    for (const [name, inner] of below) {
      const oid = this.writeTree(own.get(name)?.oid ?? emptyTree, inner);
      if (oid === emptyTree) own.delete(name);
      else own.set(name, { mode: folderMode, oid });
    }
    return this.#writeEntries(own);
  }

  #writeEntries(entries: Tree): string {
    // Git sorts folders as if their names ended with a slash.
    const key = ([name, { mode }]: [string, Entry]): string => (mode === folderMode ? `${name}/` : name);
    const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))));
    const oid = this.#write('tree', Buffer.concat(sorted.flatMap(([name, entry]) => [Buffer.from(`${entry.mode} ${name}\0`), Buffer.from(entry.oid, 'hex')])));
    this.#trees.set(oid, new Map(sorted));
    return oid;
  }

  #write(type: Kind, body: Buffer): string {
    const oid = createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
    if (!this.#bodies.has(oid)) this.#bodies.set(oid, { oid, type, body });
    return oid;
  }

  isAncestor(ancestor: string, descendant: string): boolean {
    return this.commit(descendant).history.has(this.commit(ancestor).number);
  }

  /** The newest commits that two histories share. */
  mergeBases(one: string, other: string): string[] {
    const covered = new Bits();
    const found: string[] = [];
    for (const number of this.commit(one).history.shared(this.commit(other).history)) {
      if (covered.has(number)) continue;
      const commit = this.#numbered[number]!;
      found.push(commit.oid);
      covered.join(commit.history);
    }
    return found;
  }

  /** The commits of a history, parents before children; without those of `without`. */
  history(commit: string, without?: string): Commit[] {
    const all = this.commit(commit).history;
    const left = without === undefined ? undefined : this.commit(without).history;
    return [...all.shared(all)].reverse().filter((number) => left?.has(number) !== true).map((number) => this.#numbered[number]!);
  }

  /** The files that differ between two trees or commits: of each side its object, undefined where it has none. */
  *difference(one: string | undefined, other: string | undefined, folder = ''): Generator<{ readonly path: string; readonly one: Entry | undefined; readonly other: Entry | undefined }> {
    if (one === other) return;
    const [left, right] = [this.#treeOf(one), this.#treeOf(other)];
    for (const name of [...new Set([...left.keys(), ...right.keys()])].sort()) {
      const [was, is] = [left.get(name), right.get(name)];
      if (was?.oid === is?.oid) continue;
      const inner = [was, is].map((entry) => (entry?.mode === folderMode ? entry.oid : undefined));
      if (inner.some((oid) => oid !== undefined)) yield* this.difference(inner[0], inner[1], `${folder}${name}/`);
      else yield { path: `${folder}${name}`, one: was, other: is };
    }
  }

  #treeOf(oid: string | undefined): Tree {
    return oid === undefined ? new Map() : (this.#trees.get(oid) ?? this.#trees.get(this.commit(oid).tree) ?? new Map());
  }
}
