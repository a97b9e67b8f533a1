import { prefixOf } from '../base/ids.ts';
import { BadLine, parseLines } from '../base/jsonl.ts';
import { find, type Bead, type BeadChange } from '../domain/bead.ts';
import { fileBeads, orderOf, parseLink, type Link, type Order } from '../domain/filing.ts';
import { checkType } from '../domain/kind.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { roughCount } from '../ledger/projection.ts';
import { hasLedger } from '../ledger/read.ts';
import type { View } from '../ledger/shards.ts';
import { wispsOf } from '../ledger/wisps.ts';
import { ledgerAt, ledgerOf, ledgersOf, rigNamed, type Town } from '../town.ts';
import { actAbout, settingsAbout, writeBeads, type Writer } from './bead-write.ts';
import { resolveId } from './resolve.ts';

/** Where beads are filed, and how. */
export interface Filing {
  /** A rig by name, or `hq`; undefined for the place where the writer stands. */
  readonly rig: string | undefined;
  readonly ephemeral: boolean;
  /** Makes ids of beads that say the same at the same moment differ. */
  readonly seed: string;
  /** Decides and answers, and writes nothing. */
  readonly dryRun: boolean;
  /** Refuses what lacks a section that beads of its type should have. */
  readonly validate: boolean;
}

/** What a person types for one bead; `parent` and `deps` name beads in short or in full. */
export interface Typed {
  readonly fields: Order['fields'];
  readonly id: string | undefined;
  readonly parent: string | undefined;
  readonly deps: readonly string[];
  readonly inheritLabels: boolean;
}

/** Files one bead. Throws what the rules of filing throw. */
export async function createBead(writer: Writer, typed: Typed, filing: Filing): Promise<Bead> {
  const name = (text: string): Promise<string> => resolveId(writer.town, text, writer.cwd);
  const links = await Promise.all(typed.deps.map(async (spec): Promise<Link> => {
    const link = parseLink(spec);
    return link.other.startsWith('external:') ? link : { ...link, other: await name(link.other) };
  }));
  const parent = typed.parent === undefined ? undefined : await name(typed.parent);
  const order: Order = { fields: typed.fields, id: typed.id, inheritLabels: typed.inheritLabels, links, parent };
  const home = typed.id ?? parent;
  const ledger = home === undefined ? placeOf(writer, filing.rig) : ledgerOf(writer.town, home);
  const [bead] = await file(writer, ledger, [order], filing);
  if (bead === undefined) throw new Error('a bead was filed and cannot be found');
  return bead;
}

/** Files one bead a line of JSON Lines, in one transaction; lines may name one another by the ids that they give themselves. Throws BadLine. */
export async function createFromLines(writer: Writer, text: string, source: string, filing: Filing): Promise<Bead[]> {
  const orders = parseLines(text, source).map(({ line, value }): Order => {
    const order = orderOf(value);
    if (typeof order === 'string') throw new BadLine(source, line, order);
    return order;
  });
  return file(writer, placeOf(writer, filing.rig), orders, filing);
}

/** Files the beads of a plan, in one transaction; answers their ids by the keys of the plan. Throws BadLine where the plan is wrong. */
export async function createFromPlan(writer: Writer, text: string, source: string, filing: Filing): Promise<ReadonlyMap<string, Bead>> {
  const { readPlan } = await import('../domain/filing-plan.ts');
  const plan = readPlan(parseJson(text, source));
  if (typeof plan === 'string') throw new BadLine(source, 1, plan);
  const others = new Map(await Promise.all(plan.others.map(async (name): Promise<[string, string]> => [name, name.startsWith('external:') ? name : await resolveId(writer.town, name, writer.cwd)])));
  const named = (name: string): string => others.get(name) ?? name;
  const orders = plan.orders.map((order): Order => ({ ...order, parent: order.parent === undefined ? undefined : named(order.parent), links: order.links.map((link) => ({ ...link, other: named(link.other) })) }));
  const beads = await file(writer, placeOf(writer, filing.rig), orders, filing, plan.message);
  return new Map(plan.keys.flatMap((key, index): [string, Bead][] => (beads[index] === undefined ? [] : [[key, beads[index]]])));
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadLine(source, 1, error instanceof Error ? error.message : 'it is not JSON');
  }
}

/** The ledger that new beads go to: of the rig that is named, or that the writer stands in, or the town's own. */
export function placeOf({ town, cwd }: { readonly town: Town; readonly cwd: string }, rig: string | undefined): Ledger {
  if (rig === 'hq') return town.hq;
  return rig === undefined ? ledgerAt(town, cwd) : rigNamed(town, rig).ledger;
}

async function file(writer: Writer, home: Ledger, orders: readonly Order[], { ephemeral, seed, dryRun, validate }: Filing, message?: string): Promise<Bead[]> {
  if (validate) {
    const { checkSections } = await import('../domain/lint.ts');
    for (const { fields } of orders) checkSections(fields);
  }
  const ledger = ephemeral ? await openWisps(writer, home) : home;
  const act = await actAbout(writer, home, orders.map(({ fields }) => fields['status']));
  const settings = await settingsAbout(writer.town, home, orders.map(({ fields }) => fields['issue_type']));
  const numbering = { prefixes: ledger.prefixes, infix: ephemeral ? '-wisp' : '', count: roughCount(ledger), seed };
  let filed: Bead[] = [];
  const decide = (view: View): readonly BeadChange[] => {
    view.load(namedIds(orders, writer.town));
    const checked = orders.map((order): Order => ({ ...order, fields: { ...order.fields, ...typeOf(order, settings), ...(ephemeral ? { ephemeral: true } : {}) } }));
    const { changes, ids, beads } = fileBeads(view, checked, numbering, act);
    filed = ids.map((id) => find(beads, id));
    return dryRun ? [] : changes;
  };
  await writeBeads(writer, ledger, message ?? (() => (filed.length === 1 ? `Create ${filed[0]?.id}: ${filed[0]?.title}` : `Create ${filed.length} beads`)), decide);
  return filed;
}

async function openWisps({ who }: Writer, home: Ledger): Promise<Ledger> {
  const wisps = wispsOf(home);
  if (!(await hasLedger(wisps))) await (await import('../ledger/init.ts')).initLedger(wisps, who);
  return wisps;
}

/** The ids in a file that belong to beads of the town, so that all of them are read at once. */
function namedIds(orders: readonly Order[], town: Town): string[] {
  const homes = ledgersOf(town);
  const named: string[] = [];
  for (const { id, parent, links } of orders) {
    for (const each of [id, parent, ...links.map(({ other }) => other)]) if (each !== undefined && homes.some(({ prefixes }) => prefixOf(each, prefixes) !== undefined)) named.push(each);
  }
  return named;
}

function typeOf({ fields }: Order, settings: () => Readonly<Record<string, unknown>>): { issue_type?: string } {
  const { issue_type: type } = fields;
  return typeof type === 'string' ? { issue_type: checkType(type, settings) } : {};
}
