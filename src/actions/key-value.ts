import { drop, entriesIn, findEntry, keep, type Entry, type Store } from '../domain/key-value.ts';
import { consult } from '../ledger/read.ts';
import { transact } from '../ledger/transact.ts';
import { ledgerAt, type Town } from '../town.ts';
import type { Writer } from './bead-write.ts';

/** All that a place keeps in a store, by key. */
export function listEntries(town: Town, cwd: string, store: Store): Promise<Entry[]> {
  return consult(ledgerAt(town, cwd), (view) => entriesIn(view.settings(store)));
}

/** What a place keeps under a key. Throws NoEntry. */
export function readEntry(town: Town, cwd: string, store: Store, key: string): Promise<Entry> {
  return consult(ledgerAt(town, cwd), (view) => findEntry(view.settings(store), store, key));
}

/** Keeps a value under a key, and answers whether one was there. Throws BadEntry. */
export async function keepEntry({ town, who, cwd }: Writer, store: Store, entry: Entry): Promise<{ readonly replaced: boolean }> {
  let replaced = false;
  await transact(ledgerAt(town, cwd), who, `Keep ${entry.key} (${store})`, (view) => {
    replaced = entriesIn(view.settings(store)).some(({ key }) => key === entry.key);
    return keep(view.settings(store), store, entry);
  });
  return { replaced };
}

/** Takes away what is kept under a key, and answers it once more. Throws NoEntry. */
export async function dropEntry({ town, who, cwd }: Writer, store: Store, key: string): Promise<Entry> {
  let entry: Entry | undefined;
  await transact(ledgerAt(town, cwd), who, `Drop ${key} (${store})`, (view) => {
    entry = findEntry(view.settings(store), store, key);
    return drop(view.settings(store), store, key);
  });
  return entry!;
}
