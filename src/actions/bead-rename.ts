import { Refused } from '../base/errors.ts';
import { prefixOf, rootOf } from '../base/ids.ts';
import { countOf } from '../base/text.ts';
import type { Bead } from '../domain/bead.ts';
import { prefixSetting, rename, renamePrefix, type Move } from '../domain/renaming.ts';
import { checkPrefix, rigRecords, rigSettings } from '../domain/rig.ts';
import { setSetting } from '../domain/setting.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { referenceKeys } from '../ledger/stored.ts';
import { transact, type LedgerChange, type Signature } from '../ledger/transact.ts';
import { hqPrefix, ledgersOf, rigNamed, type Rig, type Town } from '../town.ts';
import { placeOf } from './bead-create.ts';
import { actOf, writeBeads, type Writer } from './bead-write.ts';
import { learnPrefixes, prefixesOf } from './prefixes.ts';
import { resolveBead } from './resolve.ts';

/** What renaming did, or would do. */
export interface Renamed {
  /** Each bead that is called otherwise, itself and its children. */
  readonly moves: readonly Move[];
  /** The beads of other ledgers that point at them. */
  readonly elsewhere: readonly string[];
}

/** Gives a bead another id; what points at it follows, and the old id still finds it. Throws UnknownBead, AmbiguousId, OtherPrefix and what `rename` throws. */
export async function renameBead(writer: Writer, text: string, to: string, dryRun: boolean): Promise<Renamed & { readonly bead: Bead }> {
  const { id, ledger } = await resolveBead(writer.town, text, writer.cwd);
  if (prefixOf(rootOf(to), ledger.prefixes) === undefined) throw new OtherPrefix(to, ledger.prefixes);
  let moves: readonly Move[] = [];
  let bead: Bead | undefined;
  await writeBeads(writer, ledger, `Rename ${id} to ${to}`, (view) => {
    moves = rename(view, id, to);
    bead = view.get(id);
    return dryRun ? [] : moves.map((move): LedgerChange => ({ op: 'bead.moved', ...move }));
  });
  if (bead === undefined) throw new Error(`nothing was decided about ${id}`);
  // What was typed may be the former id: then an earlier renaming may not have come to the other ledgers.
  const all = text !== to && prefixOf(text, ledger.prefixes) !== undefined && !moves.some(({ from }) => from === text) ? [...moves, { id: to, from: text }] : moves;
  return { moves, elsewhere: dryRun ? [] : await tellOthers(writer, ledger, all), bead: { ...bead, id: to } };
}

/** Gives all beads of a rig whose ids begin with one prefix another one. Throws TownPrefix, BadPrefix, PrefixTaken, OtherPrefix and what `rename` throws. */
export async function renameBeads(writer: Writer, to: string, how: { readonly rig: string | undefined; readonly from: string | undefined; readonly dryRun: boolean }): Promise<Renamed & { readonly from: string }> {
  const { town, who } = writer;
  const rig = rigOf(writer, how.rig);
  const from = how.from ?? rig.prefix;
  const { ledger } = rig;
  if (from === hqPrefix || to === hqPrefix) throw new TownPrefix();
  if (!ledger.prefixes.includes(from)) throw new OtherPrefix(`${from}-`, ledger.prefixes, `gt rename-prefix ${to} --from ${ledger.prefixes.find((prefix) => prefix !== hqPrefix) ?? rig.prefix}`);
  checkPrefix(to, [...ledgersOf(town).filter((other) => other !== ledger).flatMap(({ prefixes }) => prefixes), ...town.missing.map(({ prefix }) => prefix)]);
  const first = from === rig.prefix ? to : rig.prefix;
  let moves: readonly Move[] = [];
  await transact(ledger, who, () => `Rename the ids of ${countOf(moves.length, 'bead')} from ${from}- to ${to}-`, (view) => {
    moves = from === to ? [] : renamePrefix(view, from, to);
    if (how.dryRun) return [];
    const settings = first === rig.prefix ? [] : [...setSetting(view.settings(prefixSetting.name), prefixSetting.name, prefixSetting.key, first), ...(town.kind === 'solo' ? recordPrefix(view.settings(rigSettings), rig, first) : [])];
    return [...moves.map((move): LedgerChange => ({ op: 'bead.moved', ...move })), ...settings];
  }, [to]);
  if (how.dryRun) return { from, moves, elsewhere: [] };
  if (first !== rig.prefix) await tellTown(town, who, rig, first);
  await learnPrefixes(town, rig);
  return { from, moves, elsewhere: await tellOthers(writer, ledger, moves) };
}

function rigOf({ town, cwd }: { readonly town: Town; readonly cwd: string }, name: string | undefined): Rig {
  if (name !== undefined && name !== 'hq') return rigNamed(town, name);
  const ledger = placeOf({ town, cwd }, name);
  const found = town.rigs.find((rig) => rig.ledger === ledger);
  if (found === undefined) throw new TownPrefix();
  return found;
}

/** Signs what only follows from what somebody wrote elsewhere: nobody takes it back by itself. */
function following(who: Signature): Signature {
  return { ...who, actor: 'deacon' };
}

/** Writes down in the town's ledger the prefix that new beads of a rig get; a town that is one repository has it in the rig's own. */
async function tellTown(town: Town, who: Signature, rig: Rig, prefix: string): Promise<void> {
  if (town.kind !== 'solo') await transact(town.hq, following(who), `Keep the prefix ${prefix} of ${rig.name}`, (view) => recordPrefix(view.settings(rigSettings), rig, prefix));
}

/** Lets the town and this machine know which prefix new beads of a rig get after a renaming was taken back. */
export async function followPrefix(town: Town, who: Signature, rig: Rig): Promise<void> {
  const told = await prefixesOf(rig.ledger);
  if (told?.first !== undefined) await tellTown(town, who, rig, told.first);
  await learnPrefixes(town, rig);
}

function recordPrefix(settings: Readonly<Record<string, unknown>>, { name }: Rig, prefix: string): LedgerChange[] {
  const known = rigRecords(settings).get(name);
  return known === undefined ? [] : setSetting(settings, rigSettings, name, { ...known, prefix });
}

/** Lets the beads of the town's other ledgers point at what a bead is called now; answers theirs. */
export async function tellOthers(writer: Writer, home: Ledger, moves: readonly Move[]): Promise<string[]> {
  const [move, ...more] = moves;
  if (move === undefined) return [];
  const subject = more.length === 0 ? `Point at ${move.id} instead of ${move.from}` : `Point at ${moves.length} renamed beads by their new ids`;
  const names = new Map(moves.map(({ id, from }) => [from, id]));
  const told: string[] = [];
  for (const ledger of ledgersOf(writer.town)) {
    if (ledger.repository.commonDir === home.repository.commonDir) continue;
    const { written } = await transact(ledger, following(writer.who), subject, (view) => [...view.all()].flatMap((bead) => pointingAgain(bead, names, actOf(writer).at)));
    told.push(...written.keys());
  }
  return told;
}

/** The changes by which a bead points at others by their new ids. */
function pointingAgain(bead: Bead, names: ReadonlyMap<string, string>, at: string): (LedgerChange & { readonly id: string })[] {
  if (bead.status === 'tombstone') return [];
  const { id } = bead;
  const edges = (bead.dependencies ?? []).flatMap((edge): (LedgerChange & { readonly id: string })[] => {
    const now = names.get(edge.depends_on_id);
    return now === undefined ? [] : [{ op: 'dependency.added', id, dependency: { ...edge, depends_on_id: now } }, { op: 'dependency.removed', id, at, on: edge.depends_on_id }];
  });
  const named = referenceKeys.flatMap((key): [string, string][] => {
    const now = names.get(String(bead.metadata?.[key] ?? ''));
    return now === undefined ? [] : [[key, now]];
  });
  return named.length === 0 ? edges : [...edges, { op: 'bead.edited', id, at, set: { metadata: { ...bead.metadata, ...Object.fromEntries(named) } } }];
}

/** The id would belong to no ledger, or to another one. */
export class OtherPrefix extends Refused {
  readonly code = 'prefix.other';
  constructor(id: string, prefixes: readonly string[], hint = `gt rename <bead> ${prefixes[0] ?? 'gt'}-<new>`) {
    super(`${JSON.stringify(id.slice(0, 80))} does not begin with a prefix of this ledger: ${prefixes.join(', ')}`, { id, prefixes }, hint);
  }
}

/** The prefix of the town's own beads is the same in every town. */
export class TownPrefix extends Refused {
  readonly code = 'prefix.fixed';
  constructor() {
    super(`the town's own beads are called ${hqPrefix}- in every town`, { prefix: hqPrefix }, 'gt rename-prefix <new> --rig <rig>');
  }
}
