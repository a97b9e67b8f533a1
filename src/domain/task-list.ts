import { Refused } from '../base/errors.ts';
import { hashText, prefixOf } from '../base/ids.ts';
import { clean } from '../base/text.ts';
import { edgesOf, evolving, type Act, type Bead, type BeadChange, type Beads, type EvolvingBeads } from './bead.ts';
import { close, reopen } from './closing.ts';
import { create, edit } from './content.ts';
import { adopt } from './dependency.ts';
import type { Fault } from './exchange.ts';
import { townTypes } from './kind.ts';

/** One item of a Markdown task list: `- [ ] title`, with what is written below it. */
export interface Task {
  /** Counted from 1. */
  readonly line: number;
  readonly title: string;
  readonly done: boolean;
  readonly description: string;
  /** The place in the list of the task that this one is a part of. */
  readonly parent: number | undefined;
  /** The bead that the comment behind the title names. */
  readonly id: string | undefined;
  readonly seen: Seen | undefined;
}

/** What the bead was when the list was written from it: what differs from that was changed by hand, and nothing else is. */
interface Seen {
  readonly done: boolean;
  readonly title: string;
  readonly parent: string;
}

const item = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+\[([ xX])\](?:\s+(.*))?$/;
const comment = /\s*<!--\s*(\S+-\S+?)(?:\s([ox])([0-9a-z]{4})([0-9a-z]{4}))?\s*-->\s*$/;

/** Whether a line of Markdown is a task. */
export function isTask(line: string): boolean {
  return item.test(line);
}

function markOf(text: string): string {
  return hashText(text, 4);
}

function indentOf(line: string): number {
  let columns = 0;
  for (const character of /^\s*/.exec(line)?.[0] ?? '') columns += character === '\t' ? 4 - (columns % 4) : 1;
  return columns;
}

/** A task while its list is being read. */
interface Draft extends Omit<Task, 'description'> {
  readonly indent: number;
  readonly below: string[];
}

/** Reads the tasks of a Markdown text in order; a comment names a bead where its id has one of the prefixes. Code between fences holds none. */
export function readTasks(text: string, prefixes: readonly string[]): Task[] {
  const tasks: Draft[] = [];
  let above: number[] = [];
  let fence: string | undefined;
  text.split(/\r?\n/).forEach((raw, index) => {
    const indent = indentOf(raw);
    const mark = /^\s*(```|~~~)/.exec(raw)?.[1];
    const found = fence === undefined && mark === undefined ? item.exec(raw) : null;
    if (found === null) {
      if (raw.trim() !== '' && fence === undefined) above = above.filter((place) => (tasks[place]?.indent ?? 0) < indent);
      const last = tasks[above.at(-1) ?? -1];
      if (last !== undefined) last.below.push(raw);
      if (mark !== undefined) fence = fence === undefined ? mark : fence === mark ? undefined : fence;
      return;
    }
    above = above.filter((place) => (tasks[place]?.indent ?? 0) < indent);
    above.push(tasks.push({ ...readItem(found[3] ?? '', found[2] !== ' ', prefixes), line: index + 1, parent: above.at(-1), indent, below: [] }) - 1);
  });
  return tasks.map(({ below, indent: _indent, ...task }) => ({ ...task, description: dedented(below) }));
}

function readItem(text: string, done: boolean, prefixes: readonly string[]): Pick<Task, 'title' | 'done' | 'id' | 'seen'> {
  const [whole = '', id, box, title, parent] = comment.exec(text) ?? [];
  const ours = id !== undefined && prefixOf(id, prefixes) !== undefined;
  if (!ours && box === undefined) return { title: text.trim(), done, id: undefined, seen: undefined };
  const seen = box === undefined || title === undefined || parent === undefined ? undefined : { done: box === 'x', title, parent };
  return { title: text.slice(0, text.length - whole.length).trim(), done, id: ours ? id : undefined, seen: ours ? seen : undefined };
}

function dedented(lines: readonly string[]): string {
  const said = lines.filter((line) => line.trim() !== '');
  const least = Math.min(...said.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(said.length === 0 ? 0 : least)).join('\n').trim();
}

/** What became of one task. */
export interface TaskTaken {
  readonly line: number;
  readonly id: string;
  readonly verdict: 'new' | 'newer' | 'same' | 'twin';
  readonly changes: readonly BeadChange[];
}

/** Where a list comes from and goes to. */
export interface TaskPlace {
  /** Of the ids of new beads. */
  readonly prefix: string;
  /** The list's own name: tasks without an id are the same when they stand in lists of one name below the same tasks. */
  readonly list: string;
  /** Leaves out new tasks for which this holds. */
  readonly isTwin: (title: string) => boolean;
}

/** Decides what a task list changes: new tasks become beads, parts of their tasks; a tick closes; what was edited by hand since the list was written is taken over. The same list again changes nothing. */
export function takeTasks(beads: Beads, tasks: readonly Task[], place: TaskPlace, act: Act): { readonly taken: readonly TaskTaken[]; readonly faults: readonly Fault[] } {
  const known = evolving(beads);
  const ids: string[] = [];
  const paths: string[] = [];
  const taken: TaskTaken[] = [];
  const faults: Fault[] = [];
  const used = new Map<string, number>();
  const wholes = new Set(tasks.map((task) => task.parent));
  for (const [index, task] of tasks.entries()) {
    const path = `${task.parent === undefined ? place.list : (paths[task.parent] ?? '')}\n${task.title}`;
    const times = (used.get(path) ?? 0) + 1;
    used.set(path, times);
    paths.push(task.id ?? (times === 1 ? path : `${path}#${times}`));
    const id = task.id ?? `${place.prefix}-${hashText(paths.at(-1) ?? path, 6)}`;
    ids.push(id);
    try {
      const parent = known.get(ids[task.parent ?? -1] ?? '')?.id;
      taken.push({ line: task.line, id, ...takeTask(known, id, task, { parent, isWhole: wholes.has(index) }, place, act) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      faults.push({ line: task.line, reason: error.message });
    }
  }
  return { taken, faults };
}

function takeTask(known: EvolvingBeads, id: string, task: Task, { parent, isWhole }: { readonly parent: string | undefined; readonly isWhole: boolean }, place: TaskPlace, act: Act): Pick<TaskTaken, 'verdict' | 'changes'> {
  const ours = known.get(id);
  if (ours !== undefined) {
    const changes = ours.status === 'tombstone' ? [] : changesTo(known, ours, task, parent, act);
    return { verdict: changes.length > 0 ? 'newer' : 'same', changes };
  }
  if (place.isTwin(task.title)) return { verdict: 'twin', changes: [] };
  const fields = { title: task.title, issue_type: isWhole ? 'epic' : 'task', constant_birth: task.id === undefined, ...(task.description === '' ? {} : { description: task.description }) };
  const changes = [...known.take(create(known, id, fields, act))];
  if (parent !== undefined) changes.push(...known.take(adopt(known, id, parent, act)));
  if (task.done) changes.push(...known.take(close(known, id, { reason: 'Closed', force: true }, act)));
  return { verdict: 'new', changes };
}

function changesTo(known: EvolvingBeads, ours: Bead, { id, title, done, seen, parent: place }: Task, parent: string | undefined, act: Act): BeadChange[] {
  const changes: BeadChange[] = [];
  if (id !== undefined && seen?.title !== markOf(title)) changes.push(...known.take(edit(known, ours.id, { title }, act)));
  if (done && seen?.done !== true) changes.push(...known.take(close(known, ours.id, { reason: 'Closed', force: true }, act)));
  // An empty box alone may be older than the closing: only one that was ticked when the list was written is meant.
  if (!done && seen?.done === true) changes.push(...known.take(reopen(known, ours.id, act)));
  const above = edgesOf(ours, ['parent-child'])[0];
  const moved = seen === undefined ? parent !== undefined && above === undefined : seen.parent !== markOf(parent ?? '');
  // A whole that is no bead moves nothing.
  if (moved && above !== parent && (parent !== undefined) === (place !== undefined)) changes.push(...known.take(adopt(known, ours.id, parent, act)));
  return changes;
}

/** Writes beads as a Markdown task list, parts below their wholes; each names its bead, so that the list can be taken in again. Deleted beads and those that the town keeps books with are left out. */
export function* writeTasks(beads: readonly Bead[]): Generator<string> {
  const shown = new Map(beads.filter((bead) => bead.status !== 'tombstone' && !townTypes.includes(bead.issue_type)).map((bead) => [bead.id, bead]));
  const parts = new Map<string, Bead[]>();
  const roots: Bead[] = [];
  for (const bead of shown.values()) {
    const [above = ''] = edgesOf(bead, ['parent-child']);
    if (shown.has(above)) parts.set(above, [...(parts.get(above) ?? []), bead]);
    else roots.push(bead);
  }
  const written = new Set<string>();
  // Beads that are parts of one another have no root: the first of them stands for one.
  for (const bead of [...roots, ...shown.values()]) if (!written.has(bead.id)) yield* lines(bead, undefined, parts, written);
}

function* lines(bead: Bead, above: string | undefined, parts: ReadonlyMap<string, readonly Bead[]>, written: Set<string>, depth = 0): Generator<string> {
  written.add(bead.id);
  const done = bead.status === 'closed';
  const title = clean(bead.title);
  yield `${'  '.repeat(depth)}- [${done ? 'x' : ' '}] ${title} <!-- ${bead.id} ${done ? 'x' : 'o'}${markOf(title)}${markOf(above ?? '')} -->`;
  for (const part of parts.get(bead.id) ?? []) if (!written.has(part.id)) yield* lines(part, bead.id, parts, written, depth + 1);
}
