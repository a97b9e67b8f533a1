import type { Stamp } from '../base/clock.ts';
import { hashText } from '../base/ids.ts';
import { canonical } from '../base/jsonl.ts';
import type { Bead, Dependency } from '../domain/bead.ts';
import { referenceKeys, type EdgeEntry, type Stored } from './stored.ts';

/** A bead as it is spoken of: by an id, and by its birth, which decides whom that means. */
export interface Mention {
  readonly id: string;
  readonly birth: Stamp;
}

/**
 * The ids of beads that are not called by the id they were given, since an older bead has it or since they were renamed; by birth and given id. Who has had the id is
 * meant where no birth is known.
 */
export type Names = ReadonlyMap<string, string>;

const markLength = 5;

/** The id of a bead that shares its given id with an older one. */
export function markedId(given: string, birth: Stamp): string {
  return `${given}+${hashText(birth, markLength)}`;
}

/** The id that a bead was given when it was born. */
export function givenId({ id, birth }: Mention): string {
  const given = id.slice(0, -markLength - 1);
  return id.at(given.length) === '+' && id === markedId(given, birth) ? given : id;
}

/** One bead, whatever mark its id has. */
export function identityOf({ id, birth }: Mention): string {
  return `${birth} ${givenId({ id, birth })}`;
}

/** One bead, whatever it is called: by its birth and the id that it was born with. */
export function identityIn({ bead, clock }: Stored): string {
  const origin = clock.called?.[clock.born];
  return origin === undefined ? identityOf({ id: bead.id, birth: clock.born }) : `${clock.born} ${origin}`;
}

/**
 * Settles who is called what: of several births that claim one id the smallest keeps it. Who has had to give it up once never gets it back, and takes it from nobody else: who moved
 * with its parent has brought its mark along to an id that may be free.
 */
export function settle(mentions: Iterable<Mention>): Names {
  const births = new Map<string, Set<Stamp>>();
  const names = new Map<string, string>();
  const giveUp = (given: string, birth: Stamp): unknown => names.set(`${birth} ${given}`, markedId(given, birth));
  for (const mention of mentions) {
    const given = givenId(mention);
    const known = births.get(given);
    if (known === undefined) births.set(given, new Set([mention.birth]));
    else known.add(mention.birth);
    if (given !== mention.id) giveUp(given, mention.birth);
  }
  for (const [given, claimants] of births) {
    if (claimants.size < 2) continue;
    const standing = [...claimants].filter((birth) => !names.has(`${birth} ${given}`)).sort();
    for (const birth of standing.slice(1)) giveUp(given, birth);
  }
  return names;
}

/** Whom a record speaks of for ever: itself, and the targets of its edges. Its metadata may name another bead tomorrow. */
export function mentionsOf(stored: Stored): Mention[] {
  const targets = pairsOf(stored).flatMap(({ target, birth }): Mention[] => (birth === '' ? [] : [{ id: target, birth }]));
  return [{ id: stored.bead.id, birth: stored.clock.born }, ...targets];
}

/** The record with every bead called by its name; the very record where nothing changes. */
export function readdress(stored: Stored, names: Names): Stored {
  if (names.size === 0) return stored;
  const nameOf = (id: string, birth: Stamp | '' | undefined): string => names.get(birth === undefined || birth === '' ? ` ${id}` : identityOf({ id, birth })) ?? id;
  const { bead, clock } = stored;
  const id = nameOf(bead.id, clock.born);
  const pairs = pairsOf(stored);
  const named = referenceKeys.flatMap((key): [string, string][] => {
    const value = bead.metadata?.[key];
    return typeof value === 'string' ? [[key, nameOf(value, clock.references?.[key])]] : [];
  });
  const stays = id === bead.id && pairs.every(({ target, birth }) => nameOf(target, birth) === target) && named.every(([key, name]) => bead.metadata?.[key] === name);
  if (stays) return stored;
  const own = <T extends { readonly issue_id: string }>(part: T): T => (part.issue_id === bead.id ? { ...part, issue_id: id } : part);
  const moved = new Map<string, Pair>();
  for (const pair of pairs) {
    const target = nameOf(pair.target, pair.birth);
    const next: Pair = { ...pair, target, value: pair.value && own({ ...pair.value, depends_on_id: target }) };
    const known = moved.get(`${pair.birth} ${target}`);
    if (known === undefined || rank(next) > rank(known)) moved.set(`${pair.birth} ${target}`, next);
  }
  const { dependencies, entries } = edgesOf([...moved.values()]);
  const parts: Partial<Record<keyof Bead, unknown>> = {
    ...(dependencies.length > 0 ? { dependencies } : {}),
    ...(bead.metadata === undefined ? {} : { metadata: { ...bead.metadata, ...Object.fromEntries(named) } }),
    ...(bead.comments === undefined ? {} : { comments: bead.comments.map(own) }),
  };
  return { bead: { ...bead, ...parts, id }, clock: pairs.length > 0 ? { ...clock, dependencies: entries } : clock };
}

function rank({ stamp, value }: Pair): string {
  return `${stamp} ${value === undefined ? '' : canonical(value)}`;
}

/** An edge of a record to one bead, as a register: what it is, or that it was removed, and when. */
export interface Pair {
  readonly target: string;
  /** The target's birth, '' where nobody knew it: then whoever has the id is meant. */
  readonly birth: Stamp | '';
  readonly stamp: Stamp;
  readonly value: Dependency | undefined;
}

/** The edges of a record, removed ones too. */
export function pairsOf({ bead, clock }: Stored): Pair[] {
  if (bead.dependencies === undefined && clock.dependencies === undefined) return [];
  const edges = new Map((bead.dependencies ?? []).map((edge) => [edge.depends_on_id, edge]));
  const pairs = Object.entries(clock.dependencies ?? {}).map(([key, [stamp, birth = '', hidden]]): Pair => {
    const target = hidden === undefined ? key : key.slice(key.indexOf(' ') + 1);
    const value = hidden === undefined ? edges.get(target) : (hidden ?? undefined);
    if (hidden === undefined) edges.delete(target);
    return stamp.startsWith('-') ? { target, birth, stamp: stamp.slice(1), value: undefined } : { target, birth, stamp, value };
  });
  return [...pairs, ...[...edges].map(([target, value]): Pair => ({ target, birth: '', stamp: clock.born, value }))];
}

/** Edges as a record holds them. Where two mean one target (one of them has not known its birth), the later one speaks, and the other is kept behind it. */
export function edgesOf(pairs: readonly Pair[]): { readonly dependencies: Dependency[]; readonly entries: Record<string, EdgeEntry> } {
  const sorted = [...pairs].sort((a, b) => compare(a.stamp, b.stamp) || compare(a.target, b.target) || compare(a.birth, b.birth));
  const speaking = new Map(sorted.map((pair) => [pair.target, pair]));
  const entries: Record<string, EdgeEntry> = {};
  for (const pair of sorted) {
    const stamp = pair.value === undefined ? `-${pair.stamp}` : pair.stamp;
    if (speaking.get(pair.target) !== pair) entries[`${pair.birth} ${pair.target}`] = [stamp, pair.birth, pair.value ?? null];
    else entries[pair.target] = pair.birth === '' ? [stamp] : [stamp, pair.birth];
  }
  return { dependencies: sorted.flatMap((pair) => (pair.value !== undefined && speaking.get(pair.target) === pair ? [pair.value] : [])), entries };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
