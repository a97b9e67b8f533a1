import type { FileDraft } from './draft.ts';
import { importCommit, type ImportTree } from './import.ts';
import { BadRevision } from './object.ts';
import { ObjectReader } from './objects.ts';
import { isOid, readRef, RefMoved } from './refs.ts';
import type { Repository } from './repository.ts';
import type { Signature } from './signature.ts';

/** Where a note may lie, ours first: git itself chooses by their number, and one of its writes moves all of them. */
function places(oid: string): string[] {
  if (!isOid(oid)) throw new BadRevision(oid);
  return [`${oid.slice(0, 2)}/${oid.slice(2)}`, oid, `${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid.slice(4)}`];
}

/** The note on an object, in any fan-out, or undefined where there is none. */
export async function readNotes(repository: Repository, ref: string, objectOid: string): Promise<string | undefined> {
  const commit = await readRef(repository, ref);
  if (commit === undefined) return undefined;
  const reader = ObjectReader.open(repository);
  try {
    const found = await Promise.all(places(objectOid).map((path) => reader.contents(`${commit}:${path}`)));
    return found.find((each) => each?.type === 'blob')?.body.toString('utf8');
  } finally {
    await reader.close();
  }
}

/** What a commit must change so that an object's note becomes what `update` makes of the old one, and all notes lie in one fan-out of two digits; nothing where it stays as it is. */
export async function noteChange(tree: ImportTree, objectOid: string, update: (old: string | undefined) => string): Promise<Map<string, FileDraft>> {
  const [own, ...others] = places(objectOid) as [string, ...string[]];
  const there = await tree.read(own);
  const strayed = there === undefined ? await strays(tree) : new Map<string, FileDraft>();
  const old = there ?? (await firstOf(others.map((path) => tree.read(path))));
  const before = old?.toString('utf8');
  const after = update(before);
  return after === before ? new Map() : new Map([...strayed, [own, after]]);
}

async function firstOf<T>(all: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return (await Promise.all(all)).find((one) => one !== undefined);
}

/** Moves what lies in another fan-out into ours; git keeps all notes in one, so the first folder tells for all. */
async function strays(tree: ImportTree): Promise<Map<string, FileDraft>> {
  const top = await tree.list('');
  const folder = top.find(({ name }) => /^[0-9a-f]{2}$/.test(name));
  const deep = folder !== undefined && (await tree.list(folder.name)).some(({ name }) => name.length === 2);
  const changes = new Map<string, FileDraft>();
  if (!deep && !top.some(({ name }) => isOid(name))) return changes;
  for (const { name, mode, oid } of await tree.list('', true)) {
    const [own] = /^[0-9a-f/]+$/.test(name) && isOid(name.replaceAll('/', '')) ? places(name.replaceAll('/', '')) : [];
    if (own !== undefined && own !== name) changes.set(name, null).set(own, { mode, oid });
  }
  return changes;
}

const attempts = 20;

/** Writes the note on an object in one commit, from what it holds at that moment; answers the commit, or undefined where nothing changed. Throws RefMoved when others were faster every time. */
export async function writeNote(repository: Repository, ref: string, objectOid: string, update: (old: string | undefined) => string, author: Signature): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const parent = (await readRef(repository, ref)) ?? null;
      return await importCommit(repository, ref, parent, async (tree) => {
        const files = await noteChange(tree, objectOid, update);
        return files.size === 0 ? undefined : { message: `Note on ${objectOid.slice(0, 12)}\n`, author, committer: author, files };
      });
    } catch (error) {
      if (!(error instanceof RefMoved) || attempt === attempts) throw error;
      await new Promise((resume) => setTimeout(resume, attempt * 3 * (1 + (performance.now() % 1))));
    }
  }
}
