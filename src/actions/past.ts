import { Refused } from '../base/errors.ts';
import { BadTime, parsePast } from '../base/time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { commitBy, commitNamed, ledgerThen, NotYetBegun, type Moment } from '../ledger/past.ts';
import { ledgersOf, type Town } from '../town.ts';

/**
 * The town as it was at a commit of one of its ledgers, or at a time as people type it: questions about beads are answered from that commit of each ledger, and
 * judged at that time. A rig whose ledger had not begun is left out. Throws BadTime, NoCommit and NotYetBegun.
 */
export async function townAt(town: Town, when: string): Promise<Town> {
  const named = await commitOf(town, when);
  const time = named?.moment.time ?? timeMeant(when, town.now());
  const then = new Map<Ledger, Ledger>();
  for (const ledger of ledgersOf(town)) {
    const moment = ledger === named?.ledger ? named.moment : await momentOf(town, ledger, time);
    if (moment !== undefined) then.set(ledger, ledgerThen(ledger, moment));
  }
  const rigs = town.rigs.flatMap((rig) => {
    const ledger = then.get(rig.ledger);
    return ledger === undefined ? [] : [{ ...rig, ledger }];
  });
  return { ...town, hq: then.get(town.hq) ?? town.hq, rigs, now: () => time };
}

/** The commit that a text names in one of the town's ledgers; undefined where it names none. */
export async function commitOf(town: Town, text: string): Promise<{ readonly ledger: Ledger; readonly moment: Moment } | undefined> {
  for (const ledger of ledgersOf(town)) {
    const moment = await commitNamed(ledger, text);
    if (moment !== undefined) return { ledger, moment };
  }
  return undefined;
}

async function momentOf(town: Town, ledger: Ledger, time: number): Promise<Moment | undefined> {
  try {
    return await commitBy(ledger, time);
  } catch (error) {
    if (error instanceof NotYetBegun && ledger !== town.hq) return undefined;
    throw error;
  }
}

function timeMeant(when: string, now: number): number {
  try {
    return parsePast(when, now);
  } catch (error) {
    if (error instanceof BadTime && /^[0-9a-f]{4,64}$/.test(when)) throw new NoCommit(when);
    throw error;
  }
}

/** No ledger of the town has the commit. */
export class NoCommit extends Refused {
  readonly code = 'commit.unknown';
  constructor(text: string) {
    super(`no ledger of the town has a commit ${text.slice(0, 64)}`, { commit: text }, 'gt ledger log');
  }
}
