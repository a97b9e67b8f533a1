import { statuses } from './bead.ts';
import { workTypes } from './kind.ts';

/** What a status means, and whether its beads are to be done (active), under way (wip), laid aside (frozen) or done. */
export interface StatusMeaning {
  readonly name: (typeof statuses)[number];
  readonly category: 'active' | 'wip' | 'frozen' | 'done';
  readonly description: string;
}

const meanings: Readonly<Record<StatusMeaning['name'], Omit<StatusMeaning, 'name'>>> = {
  open: { category: 'active', description: 'to be done; ready where nothing holds it up' },
  in_progress: { category: 'wip', description: 'somebody has claimed it' },
  blocked: { category: 'wip', description: 'somebody said that it cannot go on' },
  hooked: { category: 'wip', description: "on an agent's hook, or handed in and in the queue" },
  deferred: { category: 'frozen', description: 'put off until somebody brings it back' },
  pinned: { category: 'frozen', description: 'kept in sight; nobody works on it, and nothing waits for it' },
  closed: { category: 'done', description: 'done, or given up' },
};

/** Every status and what it means. */
export function statusMeanings(): StatusMeaning[] {
  return statuses.map((name) => ({ name, ...meanings[name] }));
}

const typeWords: Readonly<Record<string, string>> = {
  task: 'something to be done',
  bug: 'something that is broken',
  feature: 'something new',
  epic: 'a whole that its parts make up',
  chore: 'upkeep that nobody sees',
  decision: 'a choice, and why it was made',
  spike: 'something to be found out',
  story: 'what somebody wants to be able to do',
  milestone: 'a point that other work leads to',
};

/** The types that people file work under, and what each is for. */
export function typeMeanings(): { readonly name: string; readonly description: string }[] {
  return workTypes.map((name) => ({ name, description: typeWords[name] ?? '' }));
}
