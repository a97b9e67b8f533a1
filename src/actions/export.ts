import { canonical } from '../base/jsonl.ts';
import { compareTimes } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import type { Format } from '../domain/exchange.ts';
import { issueOf } from '../domain/github.ts';
import { entriesIn, memoryLine, type Entry } from '../domain/key-value.ts';
import { writeTasks } from '../domain/task-list.ts';
import { replaceFile, type Ledger } from '../ledger/ledger.ts';
import { openSnapshot } from '../ledger/read.ts';

/** A file of beads, and how many stand in it. */
export interface Export {
  readonly lines: readonly string[];
  readonly count: number;
}

/**
 * Every bead of the ledgers in the lines of a file. As JSON Lines, canonical and sorted by id, with what is remembered there behind them, nothing is left out but what only our own merging needs; lists of issues and of
 * tasks hold the beads that people work on, the oldest first.
 */
export async function exportBeads(ledgers: readonly Ledger[], format: Format): Promise<Export> {
  const beads: Bead[] = [];
  const memories: Entry[] = [];
  for (const ledger of ledgers) {
    const snapshot = await openSnapshot(ledger);
    try {
      for (const bead of await snapshot.ask((view) => [...view.all()])) beads.push(bead);
      memories.push(...(await snapshot.ask((view) => entriesIn(view.settings('memory')))));
    } finally {
      await snapshot.close();
    }
  }
  beads.sort((a, b) => (a.id < b.id ? -1 : 1));
  if (format === 'jsonl') return { lines: [...beads.map(canonical), ...memories.map((each) => canonical(memoryLine(each)))], count: beads.length };
  beads.sort((a, b) => compareTimes(a.created_at, b.created_at));
  if (format === 'markdown') {
    const lines = [...writeTasks(beads)];
    return { lines, count: lines.length };
  }
  const issues = beads.flatMap((bead) => issueOf(bead) ?? []);
  return { lines: ['[', ...issues.map((issue, index) => `${JSON.stringify(issue)}${index < issues.length - 1 ? ',' : ''}`), ']'], count: issues.length };
}

/** Writes an export to a file, whole or not at all. */
export function writeExport(path: string, lines: readonly string[]): void {
  replaceFile(path, lines.map((line) => `${line}\n`).join(''));
}
