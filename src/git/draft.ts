import { Usage } from '../base/errors.ts';
import { signatureLine, type Signature } from './signature.ts';

/** What a file holds, itself or worked out when its turn comes; the object that it is; null where it goes. */
export type FileDraft = string | Buffer | (() => string) | { readonly oid: string; readonly mode: string } | null;

export interface CommitDraft {
  /** Subject, an empty line, body. */
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
  /** By path: what the file holds from now on, or the object that it is, or null to remove the file or folder. */
  readonly files: ReadonlyMap<string, FileDraft>;
  /** Parents beside the one that the ref has. */
  readonly extraParents?: readonly string[];
  /** Starts from an empty tree. */
  readonly clear?: boolean;
}

/** A path that a tree cannot hold, or that a checkout would take for something else. */
export class BadPath extends Usage {
  readonly code = 'tree.bad-path';
  constructor(path: string) {
    super(`${JSON.stringify(path.slice(0, 200))} is no path for a file in a tree`, { path }, 'use names between slashes');
  }
}

/** A commit as fast-import reads it, marked as :1, without what ends it. */
export function* streamOf(ref: string, parent: string | null, draft: CommitDraft): Iterable<string | Buffer> {
  const parents = [...(parent === null ? [] : [`from ${parent}\n`]), ...(draft.extraParents ?? []).map((oid) => `merge ${oid}\n`)];
  yield [`commit ${ref}\nmark :1\n`, `author ${signatureLine(draft.author)}\n`, `committer ${signatureLine(draft.committer)}\n`].join('');
  yield* dataOf(draft.message.replaceAll('\0', '\ufffd'));
  yield parents.join('') + (draft.clear === true ? 'deleteall\n' : '');
  for (const [path, content] of draft.files) {
    checkPath(path);
    if (content === null) yield `D ${quoted(path)}\n`;
  }
  for (const [path, content] of draft.files) {
    if (content === null) continue;
    if (typeof content === 'object' && 'oid' in content) {
      yield `M ${content.mode} ${content.oid} ${quoted(path)}\n`;
    } else {
      yield `M 100644 inline ${quoted(path)}\n`;
      yield* dataOf(typeof content === 'function' ? content() : content);
    }
  }
}

function* dataOf(content: string | Buffer): Iterable<string | Buffer> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield '\n';
}

/** Throws BadPath for what a tree cannot hold. */
export function checkPath(path: string): void {
  const bad = path.includes('\0') || path.split('/').some((name) => name === '' || name === '.' || name === '..' || /^\.git$/i.test(name));
  if (bad) throw new BadPath(path);
}

/** A path as fast-import reads it whatever is in it. */
export function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
