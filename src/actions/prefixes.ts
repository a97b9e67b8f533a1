import { prefixSetting } from '../domain/renaming.ts';
import { readFormat } from '../ledger/init.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { hqPrefix, rewriteTown, type Rig, type Town } from '../town.ts';

/** The prefix that new beads of a ledger get by what it says itself, and those that its beads have had; undefined where there is no ledger. */
export async function prefixesOf(ledger: Ledger): Promise<{ readonly first: string | undefined; readonly all: readonly string[] } | undefined> {
  const format = await readFormat(ledger);
  if (format === undefined) return undefined;
  const chosen = await consult(ledger, (view) => view.settings(prefixSetting.name)[prefixSetting.key]);
  return { first: typeof chosen === 'string' ? chosen : undefined, all: format.prefixes };
}

/** Remembers on this machine the prefixes that the ledger of a rig holds by what it says itself: others may have given it some. */
export async function learnPrefixes(town: Town, rig: Rig): Promise<void> {
  const told = await prefixesOf(rig.ledger);
  if (told === undefined) return;
  const first = told.first ?? rig.prefix;
  if (first !== rig.prefix || told.all.some((prefix) => !rig.ledger.prefixes.includes(prefix))) await keepPrefix(town, rig, first, told.all);
}

/** Lets the beads of a rig begin with a prefix from now on; by all others they are found as before. */
async function keepPrefix(town: Town, { name, prefix }: Rig, first: string, others: readonly string[]): Promise<void> {
  await rewriteTown(town, (file) => {
    const entry = file.rigs[name];
    if (entry === undefined) return file;
    const more = [...new Set([prefix, ...(file.prefixes?.[name] ?? []), ...others])].filter((each) => each !== first && each !== hqPrefix);
    return { ...file, rigs: { ...file.rigs, [name]: { ...entry, prefix: first } }, prefixes: { ...file.prefixes, [name]: more } };
  });
}
