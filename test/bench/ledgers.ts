import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../src/base/jsonl.ts';
const root = join(import.meta.dirname, '../..');

const begun = Date.UTC(2026, 0, 1);
const minute = 60_000;

/** Numbers that look random and are the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A ledger of `count` beads as JSON Lines, made of the words of fixtures/beads.jsonl: half are closed, every third waits for an earlier one. The same every time. */
export function ledgerOf(count: number, prefix: string): string {
  const next = numbers(count);
  const samples = readFileSync(join(root, 'fixtures/beads.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown).filter(isObject);
  const words = samples.flatMap(({ title, description }) => `${String(title)} ${String(description ?? '')}`.split(/\s+/)).filter((word) => word !== '');
  const says = (length: number): string => Array.from({ length }, () => words[Math.floor(next() * words.length)]).join(' ');
  const idOf = (index: number): string => `${prefix}-${(index * 7919 + 36 ** 4).toString(36)}`;
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const created = new Date(begun + index * minute).toISOString();
    const closed = next() < 0.5;
    const edge = index > 0 && index % 3 === 0 ? [{ issue_id: idOf(index), depends_on_id: idOf(Math.floor(next() * index)), type: 'blocks', created_at: created, created_by: 'ace' }] : undefined;
    lines.push(
      JSON.stringify({
        id: idOf(index),
        title: says(6),
        description: says(40),
        status: closed ? 'closed' : 'open',
        priority: Math.floor(next() * 5),
        issue_type: ['task', 'bug', 'feature', 'chore'][Math.floor(next() * 4)],
        created_at: created,
        created_by: 'ace',
        updated_at: new Date(begun + index * minute + minute / 2).toISOString(),
        ...(closed ? { closed_at: new Date(begun + index * minute + minute / 2).toISOString(), close_reason: 'Closed' } : {}),
        ...(index % 7 === 0 ? { labels: ['welding', 'rig'].slice(index % 2) } : {}),
        ...(edge === undefined ? {} : { dependencies: edge }),
      }),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The ids of open beads from the middle of the ledger on: those without an edge in either direction, as is usual, and those that wait for nothing and for which only closed ones have waited. */
export function openIdsIn(ledger: string): { readonly alone: string[]; readonly linked: string[] } {
  const beads = ledger.trim().split('\n').map((line) => JSON.parse(line) as { id: string; status: string; dependencies?: { depends_on_id: string }[] });
  const waiters = new Map<string, string[]>();
  for (const { status, dependencies = [] } of beads) for (const { depends_on_id: id } of dependencies) waiters.set(id, [...(waiters.get(id) ?? []), status]);
  const free = beads.slice(beads.length / 2).filter(({ status, dependencies }) => status === 'open' && dependencies === undefined).map(({ id }) => id);
  return { alone: free.filter((id) => !waiters.has(id)), linked: free.filter((id) => waiters.get(id)?.every((status) => status === 'closed') === true) };
}
