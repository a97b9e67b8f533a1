import { prefixOf } from '../base/ids.ts';
import { timestamp } from '../base/time.ts';
import { isBuiltIn, type Act, type Bead } from '../domain/bead.ts';
import { isBuiltInType } from '../domain/kind.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import type { View } from '../ledger/shards.ts';
import { transact, type LedgerChange, type Signature, type Transaction } from '../ledger/transact.ts';
import { isWispId, wispsOf } from '../ledger/wisps.ts';
import { ledgersOf, type Town } from '../town.ts';

/** Who writes, and from where: what every verb on beads is given. */
export interface Writer {
  readonly town: Town;
  readonly who: Signature;
  readonly cwd: string;
}

/** The facts of a decision: who acts, and when. */
export function actOf({ town, who }: Writer): Act {
  return { by: who.actor, at: timestamp(town.now()), ...(who.session === undefined ? {} : { session: who.session }) };
}

/** The facts of a decision that may give beads of a ledger these statuses: where one is not everybody's, the settings say which there are besides. */
export async function actAbout(writer: Writer, ledger: Ledger, statuses: Iterable<unknown>): Promise<Act> {
  const act = actOf(writer);
  for (const status of statuses) {
    if (typeof status !== 'string' || isBuiltIn(status)) continue;
    const { customStatusesOf } = await import('./custom-statuses.ts');
    return { ...act, statuses: (await customStatusesOf(writer.town, ledger)).map(({ name }) => name) };
  }
  return act;
}

/** What the settings say about types, for a decision that may give beads of a ledger these ones: they are read where one is not everybody's. */
export async function settingsAbout(town: Town, ledger: Ledger, types: Iterable<unknown>): Promise<() => Readonly<Record<string, unknown>>> {
  for (const type of types) {
    if (typeof type !== 'string' || isBuiltInType(type)) continue;
    const { settingsOf } = await import('./custom-statuses.ts');
    const values = await settingsOf(town, ledger);
    return () => values;
  }
  return () => ({});
}

/** What is known of a bead in another ledger. */
interface Fact {
  readonly bead: Bead | undefined;
  readonly referrers: readonly Bead[] | undefined;
}

/** Writes to one ledger by a decision that may look at beads of the town's other ledgers: what it asks for is read there, and it is asked again. */
export async function writeBeads({ town, who }: Writer, ledger: Ledger, subject: string | ((changes: readonly LedgerChange[]) => string), decide: (view: View) => readonly LedgerChange[]): Promise<Transaction> {
  const facts = new Map<string, Fact>();
  for (;;) {
    try {
      return await transact(ledger, who, subject, (view) => decide(townWide(town, ledger, view, facts)));
    } catch (error) {
      if (!(error instanceof NeedsFact)) throw error;
      facts.set(error.id, await factOf(error));
    }
  }
}

/** The ledger that an id belongs to, where that is not this one. */
function abroad(town: Town, ledger: Ledger, id: string): Ledger | undefined {
  const home = ledgersOf(town).find(({ prefixes }) => prefixOf(id, prefixes) !== undefined);
  if (home === undefined) return undefined;
  const here = home.repository.commonDir === ledger.repository.commonDir;
  if (ledger.ref === wispsOf(ledger).ref) return here && isWispId(id) ? undefined : home;
  return here ? undefined : home;
}

function townWide(town: Town, ledger: Ledger, view: View, facts: ReadonlyMap<string, Fact>): View {
  return {
    load: (ids) => view.load([...ids].filter((id) => abroad(town, ledger, id) === undefined)),
    family: (root) => view.family(root),
    all: () => view.all(),
    settings: (name) => view.settings(name),
    stored: (id) => view.stored(id),
    referrerIds: (id) => view.referrerIds(id),
    get: (id) => {
      const home = abroad(town, ledger, id);
      if (home === undefined) return view.get(id);
      const fact = facts.get(id);
      if (fact === undefined) throw new NeedsFact(id, home, false);
      return fact.bead;
    },
    referrers: (id) => {
      const home = abroad(town, ledger, id);
      if (home === undefined) return view.referrers(id);
      const found = facts.get(id)?.referrers;
      if (found === undefined) throw new NeedsFact(id, home, true);
      return found;
    },
  };
}

function factOf({ id, home, referrers }: NeedsFact): Promise<Fact> {
  return consult(home, (view) => ({ bead: view.get(id), referrers: referrers ? view.referrers(id) : undefined }));
}

/** Thrown inside a decision, never seen outside: it needs a bead of another ledger. */
class NeedsFact extends Error {
  constructor(
    readonly id: string,
    readonly home: Ledger,
    readonly referrers: boolean,
  ) {
    super('not known');
  }
}
