import { base36, stampReplica, stampTime } from '../base/clock.ts';
import { shardOf } from '../base/ids.ts';
import { isMergeMark, isObject } from '../base/jsonl.ts';
import { shortDuration, timestamp } from '../base/time.ts';
import { indexed } from '../domain/bead.ts';
import { dependencyCycles } from '../domain/tree.ts';
import { mergeRecords } from './merge.ts';
import { keepLine, newest, storedOf, type Stored } from './stored.ts';

/** Something that is not as it should be. */
export interface Finding {
  /** `noun.what`, stable. */
  readonly check: string;
  /** A fault stands in the way of something; a note is good to know. */
  readonly severity: 'fault' | 'note';
  readonly message: string;
  /** The commit that brought it, where that is known. */
  readonly commit?: string;
  readonly path?: string;
  readonly line?: number;
  readonly bead?: string;
  /** Why it is not mended by itself: what would be lost. */
  readonly loses?: string;
  /** What to type. */
  readonly hint?: string;
}

/** A record, and the line that it stands on. */
export interface Placed {
  readonly line: number;
  readonly stored: Stored;
}

/** What is wrong with one line of a shard. */
export interface LineFault {
  readonly check: 'shard.truncated' | 'shard.conflict' | 'shard.garbage' | 'bead.twice' | 'bead.misplaced';
  readonly line: number;
  readonly why: string;
  readonly text: string;
  readonly bead?: string;
}

/** What can be read of a shard, and what is wrong with its lines. */
export interface Examined {
  readonly records: readonly Placed[];
  readonly faults: readonly LineFault[];
}

/** Reads a shard line by line, whatever is in it. */
export function examineShard(shard: string, text: string): Examined {
  const records: Placed[] = [];
  const faults: LineFault[] = [];
  const seen = new Set<string>();
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const [index, content] of [...lines, ...(rest === '' ? [] : [rest])].entries()) {
    const line = index + 1;
    if (line > lines.length) faults.push({ check: 'shard.truncated', line, why: 'the file ends in the middle of a line', text: content });
    const stored = recordOf(content);
    if (stored === undefined) {
      if (line <= lines.length) faults.push(isMergeMark(content) ? { check: 'shard.conflict', line, why: `it holds a conflict marker (${content.slice(0, 7)})`, text: content } : { check: 'shard.garbage', line, why: 'it is no bead', text: content });
      continue;
    }
    const { id } = stored.bead;
    records.push({ line, stored });
    if (shardOf(id) !== shard) faults.push({ check: 'bead.misplaced', line, why: `${id} belongs into beads/${shardOf(id)}.jsonl`, text: content, bead: id });
    else if (seen.has(id)) faults.push({ check: 'bead.twice', line, why: `${id} stands there twice`, text: content, bead: id });
    seen.add(id);
  }
  return { records, faults };
}

function recordOf(line: string): Stored | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const stored = isObject(value) ? storedOf(value) : undefined;
    if (stored !== undefined) keepLine(stored, line);
    return stored;
  } catch {
    return undefined;
  }
}

/**
 * What the records of a damaged shard are, from its readable lines and its last good text: records that stand there twice are merged, and what was cut off comes back.
 * Answers as a text what would be lost, where a line can neither be read nor be found in the good text.
 */
export function mendedRecords({ records, faults }: Examined, good: string | undefined): ReadonlyMap<string, Stored> | string {
  const goodLines = (good ?? '').split('\n').filter((line) => line !== '');
  const fragments = faults.filter(({ check, text }) => check === 'shard.garbage' || (check === 'shard.truncated' && recordOf(text) === undefined));
  const lost = fragments.find(({ text }) => !goodLines.some((line) => line.startsWith(text)));
  if (lost !== undefined) return `what line ${lost.line} says, which nobody can read: ${JSON.stringify(lost.text.slice(0, 60))}`;
  let kept: ReadonlyMap<string, Stored> = new Map();
  for (const { stored } of records) kept = mergeRecords(kept, new Map([[stored.bead.id, stored]]));
  const end = records.at(-1)?.stored.bead.id ?? '';
  const isCut = faults.some(({ check }) => check === 'shard.truncated');
  const back = goodLines.flatMap((line) => {
    const stored = recordOf(line);
    const wanted = stored !== undefined && !kept.has(stored.bead.id) && ((isCut && stored.bead.id > end) || fragments.some(({ text }) => text !== '' && line.startsWith(text)));
    return wanted ? [stored] : [];
  });
  return new Map([...kept, ...back.map((stored): [string, Stored] => [stored.bead.id, stored])]);
}

/** Clocks of two machines may differ by so much, in milliseconds. */
const tolerance = 60_000;

/** What is odd about records that can be read: stamps that lie ahead of `now`, circles, edges to beads that are not there. `elsewhere` answers for beads of other ledgers. */
export function recordFindings(shards: ReadonlyMap<string, readonly Placed[]>, now: number, isOwn: (id: string) => boolean, elsewhere: (id: string) => boolean): Finding[] {
  const placed = [...shards].flatMap(([shard, records]) => records.map((record) => ({ ...record, path: `beads/${shard}.jsonl` })));
  const beads = new Map(placed.map(({ stored }) => [stored.bead.id, stored.bead]));
  const limit = base36(now + tolerance, 9);
  const ahead = placed.filter(({ stored }) => newest(stored.clock) > limit).map(({ stored, path, line }): Finding => {
    const stamp = newest(stored.clock);
    const time = stampTime(stamp);
    const message = `${stored.bead.id} was written at ${timestamp(time)} by the clock of replica ${stampReplica(stamp)}, ${shortDuration(time - now)} ahead of this one; no other bead takes that over`;
    return { check: 'clock.ahead', severity: 'note', message, bead: stored.bead.id, path, line, hint: 'date (shows the clock of a machine)' };
  });
  const dangling = placed.flatMap(({ stored: { bead }, path, line }) => (bead.dependencies ?? []).flatMap(({ depends_on_id: on }): Finding[] => {
    const target = beads.get(on);
    if (on.startsWith('external:') || (target !== undefined && target.status !== 'tombstone') || (!isOwn(on) && elsewhere(on))) return [];
    const message = `${bead.id} depends on ${on}, which ${target === undefined ? 'is not there' : 'was deleted'}`;
    return [{ check: 'dependency.dangling', severity: 'note', message, bead: bead.id, path, line, hint: `gt dep remove ${bead.id} ${on}` }];
  }));
  const circles = dependencyCycles(indexed(beads)).map((ids): Finding => {
    const [first = ''] = ids;
    const at = placed.find(({ stored }) => stored.bead.id === first);
    const on = beads.get(first)?.dependencies?.find((edge) => ids.includes(edge.depends_on_id))?.depends_on_id ?? '';
    return { check: 'dependency.circle', severity: 'fault', message: `${ids.join(', ')} wait for one another`, bead: first, ...(at === undefined ? {} : { path: at.path, line: at.line }), loses: 'an edge that somebody meant: which one goes is for a person to say', hint: `gt dep remove ${first} ${on}` };
  });
  return [...ahead, ...circles, ...dangling];
}
