import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Broken, Refused, Usage } from '../base/errors.ts';
import { isObject } from '../base/jsonl.ts';
import { nearest } from '../base/text.ts';
import { parseDuration } from '../base/time.ts';
import { checkGateName } from '../domain/gate.ts';
import { setSetting, settingAt, settingLeaves } from '../domain/setting.ts';
import { checkStatuses, statusSetting, statusWords } from '../domain/status.ts';
import { consult } from '../ledger/read.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import type { Rig, Town } from '../town.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a key may hold. */
type Kind = 'text' | 'number' | 'boolean' | 'duration' | 'list' | 'json' | 'gates';

/** A key that the town knows; `<name>` stands for any word. */
export interface KnownKey {
  readonly key: string;
  readonly kind: Kind;
  readonly describe: string;
  readonly default?: unknown;
  /** Kept with the rig, and asked for with one. */
  readonly rig?: boolean;
}

export const knownKeys: readonly KnownKey[] = [
  { key: 'default_agent', kind: 'text', describe: 'the runtime of sessions that nothing else chooses one for', default: 'claude' },
  { key: 'roles.<role>.agent', kind: 'text', describe: 'the runtime of a role, such as roles.polecat.agent' },
  { key: 'agents.<name>.command', kind: 'text', describe: 'the program of a runtime of your own' },
  { key: 'agents.<name>.args', kind: 'list', describe: 'its arguments' },
  { key: 'agents.<name>.env.<variable>', kind: 'text', describe: 'a variable of its environment' },
  { key: 'sessions.backend', kind: 'text', describe: 'tmux or subprocess; unset: tmux where there is one' },
  { key: 'types.custom', kind: 'list', describe: 'types of beads besides those that everybody has' },
  { key: statusSetting, kind: 'list', describe: 'statuses of beads besides those that everybody has, each <name>:<category>; active ones can be ready, lists leave out done and frozen ones' },
  { key: 'scheduler.max_polecats', kind: 'number', describe: 'how many workers run at once; unset: slung work starts by itself' },
  { key: 'scheduler.paused', kind: 'boolean', describe: 'whether nothing is dispatched', default: false },
  { key: 'claims.duration', kind: 'duration', describe: 'how long a machine may give no sign of life before others take over its work', default: '30m' },
  { key: 'sync.remote', kind: 'text', describe: 'the remote that the ledger is shared by; unset: the one that work lands on, else origin' },
  { key: 'sync.namespace', kind: 'text', describe: 'beads, or heads for hosts that take branches only: then the ledger lies in branches beads/…', default: 'beads' },
  { key: 'sync.automatic', kind: 'boolean', describe: 'whether the engine shares the ledger, and git push carries it along', default: true },
  { key: 'sync.interval', kind: 'duration', describe: 'how long the engine waits between two rounds, times the clones that write', default: '10s' },
  { key: 'sync.pushes_per_minute', kind: 'number', describe: 'how often the engine pushes at most, each repository', default: 6 },
  { key: 'merge_queue.gates', kind: 'gates', describe: '"none" lets requests land without a test', rig: true },
  { key: 'merge_queue.gates.<name>.command', kind: 'text', describe: 'what must succeed on a candidate before it lands', rig: true },
  { key: 'merge_queue.gates.<name>.timeout', kind: 'duration', describe: 'how long it may take', default: '10m', rig: true },
  { key: 'merge_queue.gates.<name>.required', kind: 'boolean', describe: 'whether a failure keeps the candidate from landing', default: true, rig: true },
];

/** The settings of a ledger by their name. */
export const settingsFile = 'config';

/** One place that settings come from. */
export interface Layer {
  readonly source: string;
  readonly values: Values;
  /** The ledger that says so, with the stamps of its keys in `clock`; undefined for a file on this machine. */
  readonly written?: { readonly ledger: Ledger; readonly values: Values };
}

/** Where a value comes from. */
export interface Explained {
  readonly key: string;
  /** Undefined where nothing sets it and it has no default. */
  readonly value: unknown;
  readonly source: string;
  /** What else says something about the key, strongest first, though it does not count. */
  readonly hidden: readonly { readonly source: string; readonly value: unknown }[];
  readonly known: KnownKey | undefined;
}

/** All places that say something for a rig, or for the town itself, weakest first. */
export async function layersOf(town: Town, rig: Rig | undefined): Promise<Layer[]> {
  const ledgers: [string, Ledger, string][] = [[`the ledger of ${town.kind === 'solo' ? 'this repository' : 'the town'}`, town.hq, town.root]];
  if (rig !== undefined && rig.ledger !== town.hq) ledgers.push([`the ledger of rig ${rig.name}`, rig.ledger, rig.folder]);
  const layers: Layer[] = [];
  for (const [source, ledger, folder] of ledgers) {
    const written = await consult(ledger, (view) => view.settings(settingsFile));
    const { clock: _clock, ...values } = written;
    const path = join(folder, 'settings', `${settingsFile}.json`);
    layers.push({ source, values, written: { ledger, values: written } }, { source: path, values: readLocal(path) });
  }
  return layers;
}

function readLocal(path: string): Values {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw error;
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new BadSettingsFile(path, error instanceof Error ? error.message : 'it is not JSON');
  }
  if (!isObject(values)) throw new BadSettingsFile(path, 'it is not a JSON object');
  return values;
}

function merge(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) if (key !== '__proto__') merged[key] = merge(merged[key], value);
  return merged;
}

/** Everything that is set for a rig, or for the town itself: the rig's word over the town's, local files over ledgers. Defaults are left out. */
export async function settings(town: Town, rig?: Rig): Promise<Values> {
  return overlaid(await layersOf(town, rig));
}

/** What all places say together. */
export function overlaid(layers: readonly Layer[]): Values {
  return layers.reduce<unknown>((under, { values }) => merge(under, values), {}) as Values;
}

/** What one key says for a rig, or for the town itself; its default where nothing sets it. Objects are merged over all places. */
export async function setting(town: Town, rig: Rig | undefined, key: string): Promise<unknown> {
  return settingAt(await settings(town, rig), key) ?? knownKey(key)?.default;
}

/** What a key says, and which place says so. Throws UnknownKey. */
export async function explainSetting(town: Town, rig: Rig | undefined, key: string): Promise<Explained> {
  checkReadable(key);
  return explain(await layersOf(town, rig), key);
}

function explain(layers: readonly Layer[], key: string): Explained {
  const known = knownKey(key);
  const saying = layers.toReversed().flatMap(({ source, values }) => (settingAt(values, key) === undefined ? [] : [{ source, value: settingAt(values, key) }]));
  const [first, ...hidden] = saying;
  return { key, ...(first ?? byDefault(known)), hidden, known };
}

function byDefault(known: KnownKey | undefined): { value: unknown; source: string } {
  return { value: known?.default, source: known?.default === undefined ? 'nothing' : 'the default' };
}

/** Every key that is set, with where it comes from; with `all` also those that could be. A hand-written file may hold keys that nobody knows: they are shown too. */
export async function listSettings(town: Town, rig: Rig | undefined, all: boolean): Promise<Explained[]> {
  const layers = await layersOf(town, rig);
  const set = [...new Set(layers.flatMap(({ values }) => settingLeaves(values).map(([key]) => key)))].sort();
  const found = set.map((key) => explain(layers, key)).filter(({ value, hidden }) => value !== undefined || hidden.length > 0);
  if (!all) return found;
  const others = knownKeys.filter((known) => !set.some((key) => knownKey(key) === known));
  return [...found, ...others.map((known) => ({ key: known.key, ...byDefault(known), hidden: [], known }))];
}

/** Whether rigs keep a key, each for itself. */
export function isRigKey(key: string): boolean {
  return knownKey(key)?.rig === true;
}

/** The ledger that keeps a key: the rig's for what is a rig's, or when a rig was asked for. Throws NeedsRig. */
function ledgerFor(town: Town, rig: Rig | undefined, key: string): Ledger {
  if (rig !== undefined) return rig.ledger;
  if (town.kind === 'town' && isRigKey(key)) throw new NeedsRig(key, town);
  return town.hq;
}

/** Holds a setting that is written, and answers the ledger that keeps it. Throws UnknownKey, BadValue, BadGate, BadStatus, NeedsRig. */
export function checkSetting(town: Town, rig: Rig | undefined, key: string, value: unknown): Ledger {
  const known = checkWritable(key);
  if (known !== undefined) checkValue(known, key, value);
  const gate = /^merge_queue\.gates\.([^.]+)\./.exec(key)?.[1];
  if (gate !== undefined) checkGateName(gate);
  if (key === statusSetting) checkStatuses(value);
  return ledgerFor(town, rig, key);
}

/** Sets a key in the ledger. Returns what still hides it: a file that says something else. Throws UnknownKey, BadValue, BadGate, BadStatus, NeedsRig. */
export async function setSettingOf(town: Town, rig: Rig | undefined, who: Signature, key: string, value: unknown): Promise<Explained> {
  const ledger = checkSetting(town, rig, key, value);
  await transact(ledger, who, `Set ${key}`, (view) => setSetting(view.settings(settingsFile), settingsFile, key, value));
  return explainSetting(town, rig, key);
}

/** Takes a key out of the ledger. Returns what counts from now on. Throws UnknownKey, NeedsRig. */
export async function unsetSettingOf(town: Town, rig: Rig | undefined, who: Signature, key: string): Promise<Explained> {
  const ledger = ledgerFor(town, rig, key);
  await transact(ledger, who, `Unset ${key}`, (view) => setSetting(view.settings(settingsFile), settingsFile, key, undefined));
  return explain(await layersOf(town, rig), key);
}

/** Reads a value as it is typed: JSON where it is JSON (a number, true, a list, an object), else the text itself. Keys for text stay text; a list may have blanks between its words, that of statuses commas alone, as bd writes it. */
export function parseValue(key: string, typed: string): unknown {
  const kind = knownKey(key)?.kind;
  if (kind === 'text' || kind === 'duration') return typed;
  let value: unknown;
  try {
    value = JSON.parse(typed);
  } catch {
    value = key === statusSetting ? statusWords(typed) : kind === 'list' ? typed.split(/[\s,]+/).filter((word) => word !== '') : typed;
  }
  return value;
}

/** Keys below these are the person's own. */
const free = /^(roles|agents)\.[^.]+\../;

/** Whether a dotted key fits the first parts of a known one. */
function fits(known: string, key: string): boolean {
  const parts = known.split('.');
  return key.split('.').every((part, index) => part === parts[index] || (part !== '' && parts[index]?.startsWith('<') === true));
}

function knownKey(key: string): KnownKey | undefined {
  return knownKeys.find((known) => known.key.split('.').length === key.split('.').length && fits(known.key, key));
}

/** Holds a key that is read: a known one, one that holds known ones, or one of the person's own. */
function checkReadable(key: string): KnownKey | undefined {
  const known = knownKey(key);
  if (known === undefined && !free.test(key) && !knownKeys.some((each) => fits(each.key, key))) throw new UnknownKey(key);
  return known;
}

/** Holds a key that is written. */
function checkWritable(key: string): KnownKey | undefined {
  const known = knownKey(key);
  if (known === undefined && !free.test(key)) throw new UnknownKey(key);
  return known;
}

function checkValue(known: KnownKey, key: string, value: unknown): void {
  const wanted = faultOf(known.kind, value);
  if (wanted !== undefined) throw new BadValue(key, value, wanted);
}

/** What a value should have been; undefined where it is right. */
function faultOf(kind: Kind, value: unknown): string | undefined {
  switch (kind) {
    case 'text': return typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? undefined : 'a text';
    case 'number': return typeof value === 'number' && Number.isSafeInteger(value) ? undefined : 'a whole number';
    case 'boolean': return typeof value === 'boolean' ? undefined : 'true or false';
    case 'duration': return typeof value === 'string' && isDuration(value) ? undefined : 'a duration such as 90s or 10m';
    case 'list': return Array.isArray(value) && value.every((each) => typeof each === 'string') ? undefined : 'a list of texts, such as ["--model","opus"]';
    case 'gates': return value === 'none' ? undefined : '"none"; a gate is set with merge_queue.gates.<name>.command';
    case 'json': return undefined;
  }
}

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

/** No setting has that key. */
export class UnknownKey extends Usage {
  readonly code = 'setting.unknown';
  constructor(key: string) {
    const near = nearest(key, knownKeys.map((known) => known.key));
    super(`there is no setting ${JSON.stringify(key.slice(0, 80))}`, { key }, near === undefined ? 'gt config list --all' : `gt config explain '${near}'`);
  }
}

/** A setting cannot have that value. */
export class BadValue extends Usage {
  readonly code = 'setting.bad-value';
  constructor(key: string, value: unknown, wanted: string) {
    super(`${key} is ${wanted}, not ${JSON.stringify(value).slice(0, 80)}`, { key, value }, `gt config explain ${key}`);
  }
}

/** The key is kept with a rig, and none was named. */
export class NeedsRig extends Refused {
  readonly code = 'setting.needs-rig';
  constructor(key: string, town: Town) {
    super(`${key} belongs to a rig`, { key, rigs: town.rigs.map((rig) => rig.name) }, `gt config set --rig ${town.rigs[0]?.name ?? '<rig>'} ${key} …`);
  }
}

/** A settings file that somebody wrote by hand cannot be read. */
export class BadSettingsFile extends Broken {
  readonly code = 'setting.bad-file';
  constructor(path: string, why: string) {
    super(`${path} cannot be read: ${why}`, { path, why }, 'mend the file');
  }
}
