import { Refused } from '../base/errors.ts';
import { checkTypes, namesIn, runBatch, type Step } from '../domain/batch.ts';
import { roughCount } from '../ledger/projection.ts';
import { placeOf } from './bead-create.ts';
import { actAbout, settingsAbout, writeBeads, type Writer } from './bead-write.ts';
import { resolveBead, type Named } from './resolve.ts';

/** What a batch did, or would do. */
export interface Batched {
  readonly operations: number;
  readonly created: readonly string[];
  /** The ids of all beads that are other than before. */
  readonly changed: readonly string[];
  readonly dry_run: boolean;
}

/** Does all that a batch says in one transaction, or nothing of it. Throws UnknownBead, AmbiguousId, BatchRefused and BatchSpans. */
export async function runSteps(writer: Writer, steps: readonly Step[], how: { readonly rig: string | undefined; readonly seed: string; readonly dryRun: boolean; readonly message: string | undefined }): Promise<Batched> {
  const named = new Map<string, Named>();
  for (const name of namesIn(steps)) named.set(name, await resolveBead(writer.town, name, writer.cwd));
  const changing = steps.flatMap((step) => ('bead' in step ? [named.get(step.bead)] : [])).filter((each) => each !== undefined);
  const ledger = changing[0]?.ledger ?? placeOf(writer, how.rig);
  const elsewhere = changing.find((each) => each.ledger.repository.commonDir !== ledger.repository.commonDir || each.ledger.ref !== ledger.ref);
  if (elsewhere !== undefined) throw new BatchSpans(changing[0]!.id, elsewhere.id);
  const ids = new Map([...named].map(([name, { id }]) => [name, id]));
  const numbering = { prefixes: ledger.prefixes, infix: '', count: roughCount(ledger), seed: how.seed };
  const act = await actAbout(writer, ledger, steps.map((step) => (step.verb === 'update' ? step.fields['status'] : undefined)));
  const settings = await settingsAbout(writer.town, ledger, steps.map((step) => (step.verb === 'create' ? step.type : step.verb === 'update' ? step.fields['issue_type'] : undefined)));
  let created: readonly string[] = [];
  let changed: readonly string[] = [];
  await writeBeads(writer, ledger, how.message ?? `Batch of ${steps.length}`, (view) => {
    checkTypes(steps, settings);
    view.load(ids.values());
    const decided = runBatch(view, steps, ids, numbering, act);
    created = decided.created;
    changed = [...new Set(decided.changes.map(({ id }) => id))];
    return how.dryRun ? [] : decided.changes;
  });
  return { operations: steps.length, created, changed, dry_run: how.dryRun };
}

/** A batch is one transaction, and no transaction spans two ledgers. */
export class BatchSpans extends Refused {
  readonly code = 'batch.spans';
  constructor(one: string, other: string) {
    super(`${one} and ${other} are kept in two ledgers, and a batch is written to one`, { one, other }, 'gt batch, once for each');
  }
}
