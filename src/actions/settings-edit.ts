import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Failure, Refused } from '../base/errors.ts';
import { isObject, same } from '../base/jsonl.ts';
import { setSetting, settingAt, settingLeaves } from '../domain/setting.ts';
import { readState, statePath, writeState, type Ledger } from '../ledger/ledger.ts';
import { withLock } from '../ledger/lock.ts';
import { consult } from '../ledger/read.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import { editFile } from '../sessions/editor.ts';
import type { Rig, Town } from '../town.ts';
import { checkSetting, settingsFile } from './settings.ts';

type Values = Readonly<Record<string, unknown>>;

/** A key that somebody changed in a text of settings; without a value where it was taken out. */
export interface SettingEdit {
  readonly key: string;
  readonly value?: unknown;
}

/** Where a person writes. */
interface Desk {
  /** A command as sh reads it. */
  readonly editor: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const folder = 'edit';

/**
 * Opens what the ledger of a rig, or of the town, says as settings in an editor, and writes what was changed in one transaction. A text that is refused is kept, and the next time is gone on with; an empty one changes
 * nothing. Answers what was changed. Throws EditRefused, EditorFailed, and LockBusy where somebody edits them already.
 */
export async function editSettings(town: Town, rig: Rig | undefined, who: Signature, { editor, cwd, env }: Desk): Promise<readonly SettingEdit[]> {
  const ledger = rig?.ledger ?? town.hq;
  const { repository, liveness } = ledger;
  const path = statePath(repository, folder, 'config.json');
  return withLock(statePath(repository, 'locks', 'edit'), liveness, 0, async () => {
    const before = await opened(ledger, path);
    await editFile(editor, path, cwd, env);
    const text = readFileSync(path, 'utf8');
    const edits = text.trim() === '' ? [] : refusable(path, editing(town, rig), () => editsOf(town, rig, before, text));
    await transact(ledger, who, `Edit the settings: ${edits.map(({ key }) => key).join(', ')}`, (view) => edits.flatMap(({ key, value }) => setSetting(view.settings(settingsFile), settingsFile, key, value)));
    rmSync(statePath(repository, folder), { recursive: true, force: true });
    return edits;
  });
}

/** Puts the settings into the file, and answers them; where a refused text is there, the settings that it was made from. */
async function opened(ledger: Ledger, path: string): Promise<Values> {
  const kept = existsSync(path) ? readState<Values>(ledger.repository, folder, 'before.json') : undefined;
  if (kept !== undefined) return kept;
  const { clock: _clock, ...values } = await consult(ledger, (view) => view.settings(settingsFile));
  writeState(ledger.repository, values, folder, 'before.json');
  writeFileSync(path, `${JSON.stringify(values, undefined, 2)}\n`);
  return values;
}

/** What a text says otherwise than the settings that it was made from, what is taken out first: a key may give way to others below it. */
function editsOf(town: Town, rig: Rig | undefined, before: Values, text: string): SettingEdit[] {
  const values: unknown = JSON.parse(text);
  if (!isObject(values)) throw new SyntaxError('it is not a JSON object');
  const now = settingLeaves(values);
  const gone = settingLeaves(before).filter(([key]) => !now.some(([each]) => each === key)).map(([key]): SettingEdit => ({ key }));
  const set = now.filter(([key, value]) => !same(settingAt(before, key), value)).map(([key, value]): SettingEdit => ({ key, value }));
  for (const { key, value } of set) checkSetting(town, rig, key, value);
  return [...gone, ...set];
}

/** What to type to edit the same settings again. */
function editing(town: Town, rig: Rig | undefined): string {
  return town.kind === 'solo' || rig === undefined ? 'gt config edit' : `gt config edit --rig ${rig.name}`;
}

function refusable<T>(path: string, again: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure || error instanceof SyntaxError) throw new EditRefused(path, again, error);
    throw error;
  }
}

/** What was written into the editor cannot be what the settings say; the text is kept. */
export class EditRefused extends Refused {
  readonly code = 'setting.edit-refused';
  constructor(path: string, again: string, cause: Failure | SyntaxError) {
    super(`the settings were not changed: ${cause.message}`, { path, cause: cause instanceof Failure ? cause.code : 'not JSON' }, `${again} (goes on with your text, which is kept in ${path})`);
  }
}
