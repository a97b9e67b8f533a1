import { Usage } from '../base/errors.ts';
import { prefixOf } from '../base/ids.ts';
import { fewBesides } from '../base/text.ts';
import { statuses, type Bead, type Beads } from './bead.ts';
import { unmet } from './dependency.ts';
import { isReady } from './ready.ts';
import { categoriesBy, type CategoryOf, type CustomStatus } from './status.ts';
import { isSubmitted, shownStatus } from './submission.ts';

/** What a pull request says of itself; all of it was typed by whoever opened it. */
export interface PullRequest {
  readonly title: string;
  readonly body: string;
  readonly branch: string;
}

/** A bead that a pull request says it is about, and the states that it says the bead is in: one of them, or whichever is expected where it names none. */
export interface Mention {
  readonly id: string;
  readonly states: readonly string[] | undefined;
}

/** Every word for a state, but for the statuses that the settings add: `submitted` is work that waits in the merge queue. */
const stateWords: readonly string[] = [...statuses, 'ready', 'submitted'];

const beadLine = /^[ \t]*Bead:[ \t]+([^\s,;]+)[,;]?[ \t]*(.*?)[ \t]*\r?$/gim;

/** Finds the beads of a pull request: lines `Bead: <id>` and `Bead: <id> is <state>` of its text, `[<id>]` in its title, a worker's branch `polecat/<name>/<id>`. Throws UnknownState. */
export function mentionsIn({ title, body, branch }: PullRequest, prefixes: readonly string[], custom: readonly CustomStatus[] = []): Mention[] {
  const found = new Map<string, Mention>();
  const isOurs = (id: string | undefined): id is string => id !== undefined && prefixOf(id, prefixes) !== undefined;
  const add = (id: string | undefined, states?: readonly string[]): void => {
    if (!isOurs(id)) return;
    found.set(id, { id, states: states ?? found.get(id)?.states });
  };
  for (const [, id, states = ''] of body.matchAll(beadLine)) if (isOurs(id)) add(id, states === '' ? undefined : readStates(states.replace(/^is\s/i, '').replace(/^\((.*)\)$/, '$1'), custom));
  for (const [, id] of title.matchAll(/[[(]([^\s[\]()]+)[\])]/g)) add(id);
  add(/^polecat\/[^/]+\/(.+)$/.exec(branch)?.[1]);
  return [...found.values()];
}

/** Reads states with commas, spaces or `or` between them. Throws UnknownState. */
export function readStates(text: string, custom: readonly CustomStatus[] = []): string[] {
  const states = text.split(/[\s,]+/).filter((word) => word !== '' && word !== 'or').map((word) => word.toLowerCase());
  const added = custom.map(({ name }) => name);
  const unknown = states.find((state) => !stateWords.includes(state) && !added.includes(state));
  if (unknown !== undefined) throw new UnknownState(unknown, added);
  return states;
}

/** Whether a bead is as a pull request says. */
export interface Judgement {
  readonly id: string;
  readonly met: boolean;
  /** In one sentence. */
  readonly why: string;
}

/** Judges what a pull request says of its beads at a time (milliseconds since 1970). */
export function judgeMentions(beads: Beads, mentions: readonly Mention[], expected: readonly string[], now: number, custom: readonly CustomStatus[] = []): Judgement[] {
  const categoryOf = categoriesBy(custom);
  return mentions.map(({ id, states = expected }) => {
    const bead = beads.get(id);
    if (bead === undefined || bead.status === 'tombstone') return { id, met: false, why: `there is no bead ${id}` };
    const met = states.some((state) => isIn(beads, bead, state, now, categoryOf));
    return { id, met, why: met ? `${id} is ${shownStatus(bead)}` : `${id} is ${shownStatus(bead)}, and should be ${states.join(' or ')}` };
  });
}

function isIn(beads: Beads, bead: Bead, state: string, now: number, categoryOf: CategoryOf): boolean {
  if (state === 'ready') return isReady(beads, bead, now, categoryOf);
  if (state === 'submitted') return isSubmitted(bead);
  if (state === 'blocked') return bead.status === 'blocked' || (bead.status === 'open' && unmet(beads, bead).length > 0);
  return bead.status === state;
}

/** A word that names no state of a bead. */
export class UnknownState extends Usage {
  readonly code = 'state.unknown';
  constructor(word: string, added: readonly string[]) {
    super(`${JSON.stringify(word.slice(0, 60))} is no state of a bead`, { word }, `it is one of ${fewBesides(stateWords, added)}`);
  }
}
