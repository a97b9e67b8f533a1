import { Random } from '../../helpers/random.ts';

/** What the play has seen: how often each thing happened, what was acknowledged, and what should not have been. */
export class Book {
  readonly counts = new Map<string, number>();
  /** What a command answered that no cut explains. */
  readonly troubles: string[] = [];
  /** By id: what each bead was created as. */
  readonly beads = new Map<string, Filed>();
  readonly comments: { readonly bead: string; readonly text: string }[] = [];
  readonly labels: { readonly bead: string; readonly label: string }[] = [];
  /** By bead: every title that was acknowledged. */
  readonly titles = new Map<string, string[]>();
  /** By bead: who was told that it is theirs. */
  readonly takers = new Map<string, string[]>();
  /** By branch: the last commit that a push brought to the hub. */
  readonly pushed = new Map<string, string>();

  count(kind: string, times = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + times);
  }

  /** How often it has come to something. */
  times(kind: string): number {
    return this.counts.get(kind) ?? 0;
  }

  all(kind: Filed['kind']): Filed[] {
    return [...this.beads.values()].filter((each) => each.kind === kind);
  }
}

export interface Filed {
  readonly id: string;
  /** Work brings its command; a chore is for people. */
  readonly kind: 'work' | 'chore';
  readonly host: string;
  /** What its command writes, in which file. */
  readonly file: string;
  /** Whether some sling was told that it has begun or waits. */
  slung: boolean;
  tries: number;
  /** As whoever filed it left it; nobody else closes or opens it. */
  closed: boolean;
}

/** Numbers that follow from a seed, from 0 to below 1. */
export type Dice = () => number;

export function diceOf(seed: number): Dice {
  const random = new Random(seed);
  return () => random.next();
}

export function pick<T>(dice: Dice, from: readonly T[]): T | undefined {
  return from[Math.floor(dice() * from.length)];
}
