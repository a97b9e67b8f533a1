import { Failure, Refused } from '../base/errors.ts';
import { find, evolving, type Act, type Bead, type BeadChange, type Beads } from '../domain/bead.ts';
import { close, remove, reopen } from '../domain/closing.ts';
import { addLabel, comment, edit, removeLabel } from '../domain/content.ts';
import { adopt, dependents } from '../domain/dependency.ts';
import { BeadBlocked, BeadTaken, claim } from '../domain/hook.ts';
import { checkType } from '../domain/kind.ts';
import type { View } from '../ledger/shards.ts';
import type { LedgerChange } from '../ledger/transact.ts';
import { actAbout, actOf, settingsAbout, writeBeads, type Writer } from './bead-write.ts';
import { onBead, resolveId, type Named } from './resolve.ts';

/** What an update does to a bead; all of it in one transaction. */
export interface Update {
  /** Values by field name; null removes one. `metadata` is merged key by key. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly addLabels: readonly string[];
  readonly removeLabels: readonly string[];
  /** Is added to the notes as a line of its own. */
  readonly appendNotes: string | undefined;
  /** A bead, or '' for none. */
  readonly parent: string | undefined;
  readonly claim: boolean;
}

/** The update that changes nothing. */
export const noUpdate: Update = { fields: {}, addLabels: [], removeLabels: [], appendNotes: undefined, parent: undefined, claim: false };

/** How a verb ended for each bead that was named. */
export interface Outcome<Done = Bead> {
  readonly beads: readonly Done[];
  /** By what was typed: why it was not done. */
  readonly failures: readonly { readonly bead: string; readonly failure: Failure }[];
}

/** Does the same with several beads, one transaction each; where none succeeds, the first failure is thrown. */
export async function eachBead<Done = Bead>(texts: readonly string[], verb: (text: string) => Promise<Done>): Promise<Outcome<Done>> {
  const beads: Done[] = [];
  const failures: { bead: string; failure: Failure }[] = [];
  for (const text of texts) {
    try {
      beads.push(await verb(text));
    } catch (error) {
      if (!(error instanceof Failure) || texts.length === 1) throw error;
      failures.push({ bead: text, failure: error });
    }
  }
  if (beads.length === 0 && failures.length > 0) throw new NoneDone(failures);
  return { beads, failures };
}

type Settings = () => Readonly<Record<string, unknown>>;

/** Decides about one bead, which may get the status and the type of these fields, and answers it as it is afterwards. */
export async function changeBead(writer: Writer, text: string, subject: (id: string) => string, decide: (view: View, id: string, act: Act, settings: Settings) => readonly BeadChange[], fields: Update['fields'] = {}): Promise<Bead> {
  return onBead(writer.town, writer.cwd, text, async ({ id, ledger }) => {
    const [act, settings] = [await actAbout(writer, ledger, [fields['status']]), await settingsAbout(writer.town, ledger, [fields['issue_type']])];
    let bead: Bead | undefined;
    const { written } = await writeBeads(writer, ledger, subject(id), (view) => {
      bead = find(view, id);
      return decide(view, id, act, settings);
    });
    const now = written.get(id)?.bead ?? bead;
    if (now === undefined) throw new Error(`nothing was decided about ${id}`);
    return now;
  });
}

/** Changes fields, labels, notes and parent of a bead. An update that says what is so already writes nothing. */
export async function updateBead(writer: Writer, text: string, update: Update): Promise<Bead> {
  const parent = update.parent === undefined || update.parent === '' ? update.parent : await resolveId(writer.town, update.parent, writer.cwd);
  return changeBead(writer, text, (id) => `Update ${id}`, (view, id, act, settings) => {
    const known = evolving(view);
    const all: BeadChange[] = [];
    const does = (changes: readonly BeadChange[]): void => void all.push(...known.take(changes));
    if (update.claim) does(claim(known, id, act));
    does(edit(known, id, fieldsOf(known, id, update, settings), act));
    for (const label of update.addLabels) does(addLabel(known, id, label, act));
    for (const label of update.removeLabels) does(removeLabel(known, id, label, act));
    if (parent !== undefined) does(adopt(known, id, parent === '' ? undefined : parent, act));
    return all;
  }, update.fields);
}

function fieldsOf(beads: Beads, id: string, { fields, appendNotes }: Update, settings: Settings): Record<string, unknown> {
  const { issue_type: type } = fields;
  const typed = typeof type === 'string' ? { issue_type: checkType(type, settings) } : {};
  const before = find(beads, id)['notes'];
  const notes = appendNotes === undefined ? {} : { notes: typeof before === 'string' && before !== '' ? `${before}\n${appendNotes}` : appendNotes };
  return { ...fields, ...typed, ...notes };
}

/** Gives a bead to whoever asks first. */
export function claimBead(writer: Writer, text: string): Promise<Bead> {
  return changeBead(writer, text, (id) => `${writer.who.actor} claims ${id}`, claim);
}

/** Claims the first of these beads that nobody else was faster with; undefined where none is left. */
export async function claimFirst(writer: Writer, ids: readonly string[]): Promise<Bead | undefined> {
  for (const id of ids) {
    try {
      return await claimBead(writer, id);
    } catch (error) {
      if (!(error instanceof BeadTaken || error instanceof BeadBlocked)) throw error;
    }
  }
  return undefined;
}

/** Closes a bead, for a reason; `force` overrules what stands in the way. */
export function closeBead(writer: Writer, text: string, how: { readonly reason: string; readonly force: boolean }): Promise<Bead> {
  return changeBead(writer, text, (id) => `Close ${id}: ${how.reason}`, (view, id, act) => close(view, id, how, act));
}

/** Opens a closed bead again. */
export function reopenBead(writer: Writer, text: string): Promise<Bead> {
  return changeBead(writer, text, (id) => `Reopen ${id}`, reopen);
}

/** Gives a bead a label, or takes it away; either may be repeated. */
export function labelBead(writer: Writer, text: string, label: string, how: 'add' | 'remove'): Promise<Bead> {
  const verb = how === 'add' ? addLabel : removeLabel;
  return changeBead(writer, text, (id) => (how === 'add' ? `Label ${id} ${label}` : `Take the label ${label} from ${id}`), (view, id, act) => verb(view, id, label, act));
}

/** Adds a comment, under an id that no other comment has. */
export function commentOn(writer: Writer, text: string, commentId: string, says: string): Promise<Bead> {
  return changeBead(writer, text, (id) => `Comment on ${id}`, (view, id, act) => comment(view, id, commentId, says, act));
}

/** What a deletion takes with it. */
export interface Deletion {
  readonly deleted: readonly Bead[];
  /** Live beads that refer to them and stay. */
  readonly referring: readonly string[];
  readonly done: boolean;
}

/** Deletes beads for ever, with everything that depends on them where `cascade`; tells only what it would do unless `force`. */
export async function deleteBeads(writer: Writer, texts: readonly string[], how: { readonly reason: string; readonly force: boolean; readonly cascade: boolean }): Promise<Deletion[]> {
  const found: Deletion[] = [];
  for (const text of texts) found.push(await onBead(writer.town, writer.cwd, text, (named) => deleteOne(writer, named, how)));
  return found;
}

async function deleteOne(writer: Writer, { id, ledger }: Named, how: { readonly reason: string; readonly force: boolean; readonly cascade: boolean }): Promise<Deletion> {
  const act = actOf(writer);
  let deletion: Deletion | undefined;
  await writeBeads(writer, ledger, `Delete ${id}`, (view) => {
    const ids = how.cascade ? [...below(view, id)] : [id];
    const deleted = ids.map((each) => find(view, each));
    const referring = [...new Set(ids.flatMap((each) => dependents(view, each).map((bead) => bead.id)))].filter((each) => !ids.includes(each));
    deletion = { deleted, referring, done: how.force };
    return how.force ? ids.flatMap((each): readonly LedgerChange[] => remove(view, each, { reason: how.reason, force: true }, act)) : [];
  });
  if (deletion === undefined) throw new Error(`nothing was decided about ${id}`);
  return deletion;
}

/** A bead and all that depends on it, over any number of steps. */
function below(beads: Beads, id: string): Set<string> {
  const found = new Set<string>([id]);
  for (const each of found) for (const bead of dependents(beads, each)) found.add(bead.id);
  return found;
}

/** None of several beads could be done. */
export class NoneDone extends Refused {
  readonly code = 'bead.none-done';
  constructor(failures: Outcome['failures']) {
    const [first] = failures;
    super(failures.map(({ bead, failure }) => `${bead}: ${failure.message}`).join('\n'), { failures: failures.map(({ bead, failure }) => ({ bead, code: failure instanceof Failure && 'code' in failure ? failure.code : undefined, error: failure.message })) }, first?.failure.hint);
  }
}
