import { queryOf, statusesIn } from '../domain/evaluation.ts';
import { parseExpression, termsOf } from '../domain/expression.ts';
import { findQuery, forgetQuery, querySettings, savedQueries, saveQuery, type SavedQuery } from '../domain/saved-query.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import { transact } from '../ledger/transact.ts';
import type { Town } from '../town.ts';
import { listBeads, type Order, type Page } from './bead-list.ts';
import type { Writer } from './bead-write.ts';

/** The beads that a question asks for: of work that is not done, unless it speaks of what is, or `all` is wanted. Throws BadQuery, UnknownStatus and UnknownQuery. */
export async function queryBeads(town: Town, ledgers: readonly Ledger[], text: string, how: Order & { readonly all: boolean }): Promise<Page> {
  const expression = parseExpression(text);
  const query = queryOf(expression, how.all, town.now());
  const wisps = termsOf(expression).some(({ field }) => field === 'ephemeral');
  return listBeads(town, ledgers, query, { ...how, wisps, named: statusesIn(expression) });
}

/** What was typed, or where that is `@name`, the question that the town keeps under the name. Throws UnknownQuery. */
export async function questionOf(town: Town, typed: string): Promise<string> {
  const name = /^\s*@(\S*)\s*$/.exec(typed)?.[1];
  return name === undefined ? typed : consult(town.hq, (view) => findQuery(view.settings(querySettings), name).query);
}

/** The questions that the town keeps. */
export async function listQueries(town: Town): Promise<SavedQuery[]> {
  return consult(town.hq, (view) => savedQueries(view.settings(querySettings)));
}

/** Keeps a question for everybody in the town. Throws BadQuery and BadQueryName. */
export async function keepQuery({ town, who }: Writer, name: string, text: string): Promise<SavedQuery> {
  await transact(town.hq, who, `Keep the query ${name}`, (view) => saveQuery(view.settings(querySettings), name, text));
  return consult(town.hq, (view) => findQuery(view.settings(querySettings), name));
}

/** Forgets a question, which is answered once more. Throws UnknownQuery. */
export async function dropQuery({ town, who }: Writer, name: string): Promise<SavedQuery> {
  let known: SavedQuery | undefined;
  await transact(town.hq, who, `Forget the query ${name}`, (view) => {
    known = findQuery(view.settings(querySettings), name);
    return forgetQuery(view.settings(querySettings), name);
  });
  return known!;
}
