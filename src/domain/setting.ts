import { Usage } from '../base/errors.ts';
import { canonical, isObject } from '../base/jsonl.ts';

/** A key of a settings file was set, or removed where `value` is undefined. `key` has its parts joined by dots. */
export interface SettingChange {
  readonly op: 'setting.set';
  readonly name: string;
  readonly key: string;
  readonly value?: unknown;
}

/** Sets one key; setting what it already is changes nothing. */
export function setSetting(settings: Readonly<Record<string, unknown>>, name: string, key: string, value: unknown): SettingChange[] {
  checkKey(key);
  if (canonical(settingAt(settings, key)) === canonical(value)) return [];
  return [value === undefined ? { op: 'setting.set', name, key } : { op: 'setting.set', name, key, value }];
}

/** The value at a dotted key; undefined where there is none. */
export function settingAt(settings: Readonly<Record<string, unknown>>, key: string): unknown {
  let value: unknown = settings;
  for (const part of key.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** The settings after a change; `clock` remembers the stamp of each key's last write. */
export function evolveSettings(settings: Readonly<Record<string, unknown>>, change: SettingChange, stamp: string): Record<string, unknown> {
  const clock = isObject(settings['clock']) ? settings['clock'] : {};
  const { clock: _clock, ...values } = settings;
  const stamped = change.value === undefined ? `-${stamp}` : stamp;
  return { ...setAt(values, change.key.split('.'), change.value), clock: { ...clock, [change.key]: stamped } };
}

function setAt(values: Readonly<Record<string, unknown>>, [first = '', ...rest]: readonly string[], value: unknown): Record<string, unknown> {
  const inner = values[first];
  const next = rest.length === 0 ? value : setAt(isObject(inner) ? inner : {}, rest, value);
  const { [first]: _old, ...others } = values;
  const gone = next === undefined || (rest.length > 0 && isObject(next) && Object.keys(next).length === 0);
  return gone ? others : { ...others, [first]: next };
}

/** Every leaf of the settings as dotted keys with values, sorted. */
export function settingLeaves(settings: Readonly<Record<string, unknown>>, before = ''): [string, unknown][] {
  return Object.entries(settings)
    .filter(([key]) => before !== '' || key !== 'clock')
    .flatMap(([key, value]): [string, unknown][] => (isObject(value) ? settingLeaves(value, `${before}${key}.`) : [[`${before}${key}`, value]]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function checkKey(key: string): void {
  if (key.length > 200 || !/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_/-]+)*$/.test(key) || key.split('.').some((part) => part === '__proto__' || part === 'clock')) throw new BadKey(key);
}

/** A settings key that is not spelled as keys are. */
export class BadKey extends Usage {
  readonly code = 'setting.bad-key';
  constructor(key: string) {
    super(`${JSON.stringify(key.slice(0, 80))} is not a settings key`, { key }, 'a key looks like merge_queue.gates.test.command');
  }
}
