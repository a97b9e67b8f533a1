import { Refused, Usage } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { formatExpression, parseExpression } from './expression.ts';
import { setSetting, settingLeaves, type SettingChange } from './setting.ts';

/** A question that a town keeps under a name. */
export interface SavedQuery {
  readonly name: string;
  readonly query: string;
}

type Settings = Readonly<Record<string, unknown>>;

/** The name of the settings file that holds the saved queries. */
export const querySettings = 'queries';

/** Keeps a question under a name, in its own spelling; one that was there goes. Throws BadQuery and BadQueryName. */
export function saveQuery(settings: Settings, name: string, text: string): SettingChange[] {
  if (!/^[A-Za-z0-9_-]{1,50}$/.test(name) || name === 'clock' || name === '__proto__') throw new BadQueryName(name);
  return setSetting(settings, querySettings, name, formatExpression(parseExpression(text)));
}

/** Forgets a question. Throws UnknownQuery. */
export function forgetQuery(settings: Settings, name: string): SettingChange[] {
  return setSetting(settings, querySettings, findQuery(settings, name).name, undefined);
}

/** The questions that are kept, by name. */
export function savedQueries(settings: Settings): SavedQuery[] {
  return settingLeaves(settings).flatMap(([name, query]) => (typeof query === 'string' ? [{ name, query }] : []));
}

/** The question that is kept under a name. Throws UnknownQuery. */
export function findQuery(settings: Settings, name: string): SavedQuery {
  const known = savedQueries(settings);
  const found = known.find((each) => each.name === name);
  if (found === undefined) throw new UnknownQuery(name, known.map((each) => each.name));
  return found;
}

/** No question is kept under the name. */
export class UnknownQuery extends Refused {
  readonly code = 'query.unknown';
  constructor(name: string, known: readonly string[]) {
    const near = nearest(name, known);
    super(`there is no saved query ${JSON.stringify(name.slice(0, 60))}`, { name: name.slice(0, 60), known }, near === undefined ? 'gt query --saved' : `gt query @${near}`);
  }
}

/** A name that no question can be kept under. */
export class BadQueryName extends Usage {
  readonly code = 'query.bad-name';
  constructor(name: string) {
    super(`${JSON.stringify(name.slice(0, 60))} cannot name a query: a name is letters, digits, - and _, at most 50 of them`, { name: name.slice(0, 60) }, "gt query --save mine 'assignee = me'");
  }
}
