import { canonical, isObject, readLines, type ReadLine } from '../base/jsonl.ts';
import { renamedTo, type Act, type Bead } from '../domain/bead.ts';
import { compare, isOther, readBead, type Fault, type Format } from '../domain/exchange.ts';
import { foldIssue, idForIssue, issuesIn, readIssue, type Issue } from '../domain/github.ts';
import { keep, readMemory, type Entry } from '../domain/key-value.ts';
import type { SettingChange } from '../domain/setting.ts';
import { isTask, readTasks, takeTasks } from '../domain/task-list.ts';
import { imported, importedBirth, importedOver } from '../ledger/imported.ts';
import type { View } from '../ledger/shards.ts';
import type { LedgerChange } from '../ledger/transact.ts';

/** Where arrivals go, and what is left out of them. */
export interface Destination {
  /** The prefixes of the ledger, the one for new beads first. */
  readonly prefixes: readonly string[];
  /** The name of the file. */
  readonly name: string;
  /** Leaves out new beads that are called like an open one that is here. */
  readonly dedup: boolean;
  /** Ids that are not for this ledger. */
  readonly strangers: ReadonlySet<string>;
  readonly act: Act;
}

/** What is to be done about one bead of a file. */
export interface Arrival {
  readonly id: string;
  readonly verdict: 'new' | 'newer' | 'same' | 'older' | 'twin';
  readonly changes: readonly LedgerChange[];
}

export interface Plan {
  readonly arrivals: readonly Arrival[];
  /** What is to be remembered, where that is new here. */
  readonly memories: readonly SettingChange[];
  readonly faults: readonly Fault[];
}

/** A file of beads, read as far as that can be done without the ledger. */
export interface Reading {
  /** What the numbers of faults count. */
  readonly unit: 'line' | 'item';
  readonly faults: readonly Fault[];
  /** How many beads there are. */
  readonly count: number;
  /** How many entries are about something else. */
  readonly others: number;
  /** Where the ids stand that the file gives to its beads. */
  readonly ids: ReadonlyMap<string, number>;
  /** Decides against a ledger; pure. */
  plan(view: View, to: Destination): Plan;
}

/** Reads a file of beads; where no format is named, by what its content looks like. `tell` hears how many entries have been read. */
export function readArrivals(text: string, format: Format | undefined, prefixes: readonly string[], tell: (read: number) => void): Reading {
  const list = listIn(text);
  const named = format ?? formatOf(text, list);
  if (named === 'markdown') return readMarkdown(text, prefixes);
  const entries = counted(list === undefined ? readLines(text) : itemsOf(list), tell);
  return { ...(named === 'github' ? readIssues(entries) : readBeads(entries)), unit: list === undefined ? 'line' : 'item' };
}

/** The items of a text that is one JSON list, a list in the envelope that bd puts around it, or one issue; undefined for any other. */
function listIn(text: string): readonly unknown[] | undefined {
  const start = /^\uFEFF?\s*([[{])/.exec(text)?.[1];
  // A line that is whole ends before its line break does: then it is the first of several, and not worth trying.
  if (start === undefined || (start === '{' && /^\uFEFF?\s*\{[^\n]*\}\s*\n\s*\S/.test(text.slice(0, 1 << 20)))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) return value as unknown[];
  if (isObject(value) && value['schema_version'] !== undefined && Array.isArray(value['data'])) return value['data'] as unknown[];
  return isIssue(value) ? [value] : undefined;
}

function isIssue(value: unknown): boolean {
  return isObject(value) && value['state'] !== undefined && value['status'] === undefined && (value['number'] !== undefined || value['bead'] !== undefined);
}

function formatOf(text: string, list: readonly unknown[] | undefined): Format {
  if (list !== undefined) return list.some(isIssue) ? 'github' : 'jsonl';
  for (const read of readLines(text)) {
    if ('value' in read) return isIssue(read.value) ? 'github' : 'jsonl';
    if (!text.trimStart().startsWith('{') && text.split('\n').some(isTask)) return 'markdown';
    return 'jsonl';
  }
  return 'jsonl';
}

function* itemsOf(list: readonly unknown[]): Generator<ReadLine> {
  for (const [index, value] of list.entries()) yield isObject(value) ? { line: index + 1, value } : { line: index + 1, reason: 'is not a JSON object' };
}

const telling = 10_000;

function* counted(entries: Iterable<ReadLine>, tell: (read: number) => void): Generator<ReadLine> {
  let read = 0;
  for (const entry of entries) {
    yield entry;
    read += 1;
    if (read % telling === 0) tell(read);
  }
}

/** Every bead by its id; of several lines for one, the newest. */
function readBeads(entries: Iterable<ReadLine>): Omit<Reading, 'unit'> {
  const beads = new Map<string, Bead>();
  const ids = new Map<string, number>();
  const faults: Fault[] = [];
  const memories: Entry[] = [];
  let others = 0;
  for (const entry of entries) {
    const memory = 'value' in entry ? readMemory(entry.value) : undefined;
    if (typeof memory === 'string') faults.push({ line: entry.line, reason: memory });
    else if (memory !== undefined) memories.push(memory);
    if ('value' in entry && isOther(entry.value)) {
      others += memory === undefined ? 1 : 0;
      continue;
    }
    const bead = 'value' in entry ? readBead(entry.value) : entry.reason;
    if (typeof bead === 'string') {
      faults.push({ line: entry.line, reason: bead });
      continue;
    }
    const known = beads.get(bead.id);
    if (known !== undefined && compare(known, bead, false) !== 'newer') continue;
    beads.set(bead.id, bead);
    ids.set(bead.id, entry.line);
  }
  return { faults, others, count: beads.size, ids, plan: (view, to) => ({ arrivals: planBeads(beads, view, to), memories: memories.flatMap((each) => keep(view.settings('memory'), 'memory', each)), faults: [] }) };
}

/** The ids of these beads, and of those that they depend on. */
function idsIn(beads: ReadonlyMap<string, Bead>): string[] {
  return [...beads].flatMap(([id, { dependencies }]) => (dependencies === undefined ? id : [id, ...dependencies.map((edge) => edge.depends_on_id)]));
}

/** The beads of a file as they are called here, where they were renamed since it was written. */
function asCalledHere(beads: ReadonlyMap<string, Bead>, view: View): ReadonlyMap<string, Bead> {
  const names = new Map(idsIn(beads).flatMap((id): [string, string][] => {
    const to = renamedTo(view.get(id));
    return to === undefined || renamedTo(beads.get(id)) !== undefined ? [] : [[id, to]];
  }));
  if (names.size === 0) return beads;
  view.load(names.values());
  const now = (id: string): string => names.get(id) ?? id;
  return new Map([...beads].map(([id, bead]): [string, Bead] => {
    const dependencies = bead.dependencies?.map((edge) => ({ ...edge, issue_id: now(edge.issue_id), depends_on_id: now(edge.depends_on_id) }));
    const comments = bead.comments?.map((each) => ({ ...each, issue_id: now(each.issue_id) }));
    return [now(id), { ...bead, id: now(id), ...(dependencies === undefined ? {} : { dependencies }), ...(comments === undefined ? {} : { comments }) }];
  }));
}

function planBeads(file: ReadonlyMap<string, Bead>, view: View, { strangers, dedup }: Pick<Destination, 'strangers' | 'dedup'>): Arrival[] {
  view.load(idsIn(file));
  const beads = asCalledHere(file, view);
  const isTwin = dedup ? twinsIn(view.all()) : () => false;
  const births = (id: string): string | undefined => {
    const arriving = beads.get(id);
    return view.stored(id)?.clock.born ?? (arriving === undefined ? undefined : importedBirth(arriving));
  };
  const arrivals: Arrival[] = [];
  for (const [id, bead] of beads) {
    if (strangers.has(id)) continue;
    const ours = view.stored(id);
    const verdict = compare(ours?.bead, bead, ours !== undefined && canonical(ours.bead) === canonical(bead));
    if (verdict === 'new' && isTwin(bead.title)) arrivals.push({ id, verdict: 'twin', changes: [] });
    else if (verdict === 'new') arrivals.push({ id, verdict, changes: [{ op: 'bead.imported', id, stored: imported(bead, births) }] });
    else if (verdict === 'newer' && ours !== undefined) arrivals.push({ id, verdict, changes: [{ op: 'bead.imported', id, stored: importedOver(ours, bead, births) }] });
    else arrivals.push({ id, verdict, changes: [] });
  }
  return arrivals;
}

/** Whether one of these beads that is open has a title. */
function twinsIn(beads: Iterable<Bead>): (title: string) => boolean {
  const titles = new Set([...beads].filter(({ status }) => status !== 'closed' && status !== 'tombstone').map(({ title }) => title));
  return (title) => titles.has(title);
}

function readIssues(entries: Iterable<ReadLine>): Omit<Reading, 'unit'> {
  const issues: { readonly line: number; readonly issue: Issue }[] = [];
  const faults: Fault[] = [];
  for (const entry of entries) {
    const issue = 'value' in entry ? readIssue(entry.value) : entry.reason;
    if (typeof issue === 'string') faults.push({ line: entry.line, reason: issue });
    else issues.push({ line: entry.line, issue });
  }
  const ids = new Map(issues.flatMap(({ line, issue }): [string, number][] => (issue.bead === undefined ? [] : [[issue.bead, line]])));
  return { faults, others: 0, count: issues.length, ids, plan: (view, to) => planIssues(issues, view, to) };
}

function planIssues(issues: readonly { readonly line: number; readonly issue: Issue }[], view: View, to: Destination): Plan {
  const beadOf = issuesIn(view);
  const refs = new Set([...view.all()].map((bead) => bead['external_ref']));
  const beads = new Map<string, Bead>();
  const faults: Fault[] = [];
  for (const { line, issue } of issues) {
    const here = beadOf(issue);
    const id = here?.id ?? idForIssue(issue, to.prefixes[0] ?? '', (taken) => beads.has(taken) || (view.get(taken) !== undefined && view.get(taken)?.status !== 'tombstone'));
    const ours = beads.get(id) ?? here;
    const bead = ours?.status === 'tombstone' ? ours : readBead(foldIssue(ours, issue, id, refs.has(`gh-${issue.number}`)));
    if (typeof bead === 'string') faults.push({ line, reason: bead });
    else beads.set(id, bead);
    refs.add(typeof bead === 'string' ? undefined : bead['external_ref']);
  }
  return { arrivals: planBeads(beads, view, to), memories: [], faults };
}

function readMarkdown(text: string, prefixes: readonly string[]): Reading {
  const tasks = readTasks(text, prefixes);
  return {
    unit: 'line',
    faults: [],
    others: 0,
    count: tasks.length,
    ids: new Map(),
    plan: (view, { prefixes: [prefix = ''], name, dedup, act }) => {
      // All of it is read at once: the tasks look for beads one after another.
      const here = [...view.all()];
      const { taken, faults } = takeTasks(view, tasks, { prefix, list: name, isTwin: dedup ? twinsIn(here) : () => false }, act);
      return { arrivals: taken, memories: [], faults };
    },
  };
}
