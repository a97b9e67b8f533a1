import { isObject } from '../base/jsonl.ts';
import { prefixSetting } from '../domain/renaming.ts';
import { readFormat } from '../ledger/init.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { hqPrefix, rewriteTown, type Rig, type Town } from '../town.ts';

/** The prefix that new beads of a ledger get by what it says itself, and those that its beads have had; undefined where there is no ledger. */
export async function prefixesOf(ledger: Ledger): Promise<{ readonly first: string | undefined; readonly all: readonly string[] } | undefined> {
  const format = await readFormat(ledger);
  if (format === undefined) return undefined;
  const { [prefixSetting.key]: chosen, clock } = await consult(ledger, (view) => view.settings(prefixSetting.name));
  // A choice that was taken back left its stamp: new beads get again what they got before any.
  const isTakenBack = chosen === undefined && isObject(clock) && clock[prefixSetting.key] !== undefined;
  const first = isTakenBack ? format.prefixes.find((prefix) => prefix !== hqPrefix) : chosen;
  return { first: typeof first === 'string' ? first : undefined, all: format.prefixes };
}

/** Remembers on this machine the prefixes that the ledger of a rig holds by what it says itself: others may have given it some. */
export async function learnPrefixes(town: Town, rig: Rig): Promise<void> {
  const told = await prefixesOf(rig.ledger);
  if (told === undefined) return;
  const first = told.first ?? rig.prefix;
  if (first !== rig.prefix || told.all.some((prefix) => !rig.ledger.prefixes.includes(prefix))) await keepPrefixes(town, rig, told.all, first);
}

/** Remembers on this machine prefixes that the ledger of a rig holds, or the town's own, by all of which its beads are found; `first` is the one that new beads of a rig get from now on. */
export async function keepPrefixes(town: Town, rig: Rig | undefined, held: readonly string[], first?: string): Promise<void> {
  const name = rig?.name ?? hqPrefix;
  await rewriteTown(town, (file) => {
    const entry = file.rigs[name];
    // A rig that was taken out meanwhile.
    if (entry === undefined && name !== hqPrefix) return file;
    const prefix = first ?? entry?.prefix ?? hqPrefix;
    const all = new Set([entry?.prefix ?? hqPrefix, ...(file.prefixes?.[name] ?? []), ...held]);
    const rigs = entry === undefined ? file.rigs : { ...file.rigs, [name]: { ...entry, prefix } };
    return { ...file, rigs, prefixes: { ...file.prefixes, [name]: [...all].filter((each) => each !== prefix && each !== hqPrefix) } };
  });
}
