import { Usage } from '../base/errors.ts';
import { evolving, find, type Act, type Bead, type BeadChange, type Beads } from './bead.ts';
import { addLabel, comment, removeLabel } from './content.ts';

/** What a bead is in one regard, kept as the label `dimension:value`: at most one a dimension. */
export interface State {
  readonly dimension: string;
  readonly value: string;
}

const word = /^[a-z0-9][a-z0-9_-]{0,49}$/i;

/** Reads `dimension=value` as it is typed. Throws BadState. */
export function parseState(text: string): State {
  const at = text.indexOf('=');
  const [dimension, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (!word.test(dimension) || !/^[^\s,:]{1,100}$/.test(value)) throw new BadState(text);
  return { dimension, value };
}

/** What a bead is in every regard, by dimension. */
export function statesOf({ labels = [] }: Bead): State[] {
  return labels.flatMap((label): State[] => {
    const at = label.indexOf(':');
    return at > 0 && word.test(label.slice(0, at)) ? [{ dimension: label.slice(0, at), value: label.slice(at + 1) }] : [];
  });
}

/** Says what a bead is in one regard instead of what it was, with a comment that says why where a reason is given. What is so already changes nothing. */
export function setState(beads: Beads, id: string, { dimension, value }: State, why: { readonly reason: string; readonly commentId: string } | undefined, act: Act): BeadChange[] {
  const known = evolving(beads);
  const before = statesOf(find(known, id)).filter((each) => each.dimension === dimension);
  if (before.length === 1 && before[0]?.value === value) return [];
  const changes = [...before.filter((each) => each.value !== value).flatMap((each) => known.take(removeLabel(known, id, `${dimension}:${each.value}`, act))), ...known.take(addLabel(known, id, `${dimension}:${value}`, act))];
  return why === undefined ? changes : [...changes, ...comment(known, id, why.commentId, `${dimension} is ${value}: ${why.reason}`, act)];
}

/** The words name no dimension and value. */
export class BadState extends Usage {
  readonly code = 'state.bad';
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 80))} is no dimension and value`, { text: text.slice(0, 80) }, 'gt set-state <bead> health=failing');
  }
}
