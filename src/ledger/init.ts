import { Broken } from '../base/errors.ts';
import { canonical, isObject } from '../base/jsonl.ts';
import { importCommit } from '../git/import.ts';
import { ObjectReader } from '../git/objects.ts';
import { readRef } from '../git/refs.ts';
import type { Ledger } from './ledger.ts';
import { lockedWrite } from './locked.ts';
import { formatPath } from './shards.ts';
import type { Signature } from './transact.ts';

/** What a ledger says about itself in `format.json`. */
export interface Format {
  readonly format: 1;
  /** The id prefixes that live in it, the default one for new beads first. */
  readonly prefixes: readonly string[];
  /** How often its history was cut. */
  readonly cut: number;
}

/** Reads what a ledger is; undefined where there is none. Throws BadFormat. */
export async function readFormat({ repository, ref }: Pick<Ledger, 'repository' | 'ref'>): Promise<Format | undefined> {
  const commit = await readRef(repository, ref);
  if (commit === undefined) return undefined;
  const reader = ObjectReader.open(repository);
  try {
    return await formatAt(reader, commit);
  } finally {
    await reader.close();
  }
}

/** Reads what a ledger is at a commit. Throws BadFormat, and MissingObject. */
export async function formatAt(reader: ObjectReader, commit: string): Promise<Format> {
  return parseFormat(commit, (await reader.contents(`${commit}:${formatPath}`))?.body.toString('utf8'));
}

/** Reads the text of `format.json` at a commit. Throws BadFormat. */
export function parseFormat(commit: string, text: string | undefined): Format {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw new BadFormat(commit, text === undefined ? `there is no ${formatPath}` : `${formatPath} is not JSON`);
  }
  if (!isObject(value) || !Array.isArray(value['prefixes']) || !value['prefixes'].every((prefix) => typeof prefix === 'string')) throw new BadFormat(commit, `${formatPath} names no prefixes`);
  if (value['format'] !== 1) throw new BadFormat(commit, `its format is ${JSON.stringify(value['format'])}, and this gastown knows format 1`);
  const cut = value['cut'] ?? 0;
  if (typeof cut !== 'number' || !Number.isSafeInteger(cut) || cut < 0) throw new BadFormat(commit, `${formatPath} counts its cuts as ${JSON.stringify(cut)}`);
  return { ...(value as unknown as Format), cut };
}

/** Begins a ledger that holds the prefixes of `ledger`; one that is there already keeps its own, and the missing ones are added. Returns what it is now. Throws BadFormat and Busy. */
export async function initLedger(ledger: Ledger, signature: Signature): Promise<Format> {
  return lockedWrite(ledger, async () => {
    const parent = (await readRef(ledger.repository, ledger.ref)) ?? null;
    const found = await readFormat(ledger);
    const format = widened(found, ledger.prefixes);
    if (format === found) return found;
    const person = { name: signature.actor, email: signature.email, epochSeconds: Math.floor(ledger.now() / 1000), zone: '+0000' };
    const all = format.prefixes.join(', ');
    const subject = found === undefined ? `Begin a ledger for ${all}` : `Keep ${all} here`;
    const message = `${subject}\n\n${canonical({ op: 'ledger.begun', prefixes: format.prefixes })}\n\nActor: ${signature.actor}\n`;
    await importCommit(ledger.repository, ledger.ref, parent, async () => ({ message, author: person, committer: person, files: new Map([[formatPath, formatText(format)]]) }));
    return format;
  });
}

/** What a ledger says about itself once it holds these prefixes, too; the same object where it does already. */
export function widened(found: Format | undefined, more: readonly string[]): Format {
  const prefixes = [...new Set([...(found?.prefixes ?? []), ...more])];
  return found !== undefined && found.prefixes.length === prefixes.length ? found : { format: 1, cut: 0, ...found, prefixes };
}

/** The text of the file that says it. */
export function formatText(format: Format): string {
  return `${canonical(format)}\n`;
}

/** The ref holds something that is no ledger, or one of another format. */
export class BadFormat extends Broken {
  readonly code = 'ledger.bad-format';
  constructor(commit: string, why: string) {
    super(`the ledger at ${commit.slice(0, 12)} cannot be used: ${why}`, { commit, why }, 'gt --version (a newer gastown may have written it)');
  }
}
