import { isObject } from '../base/jsonl.ts';
import { addressOf } from './address.ts';
import type { Bead } from './bead.ts';

/** Who has a bead across machines, as the hub keeps it. */
export interface Claim {
  readonly bead: string;
  /** Never used again: the object that the claim's ref names. */
  readonly token: string;
  readonly replica: string;
  readonly agent: string;
  /** How long, in milliseconds, its replica may give no sign of life before somebody else may take the bead over. */
  readonly duration: number;
}

/** Under which claim a bead was hung on a hook; undefined where it was under none. */
export function claimOf({ metadata }: { readonly metadata?: Bead['metadata'] | undefined }): Pick<Claim, 'token' | 'replica'> | undefined {
  const claim = metadata?.['claim'];
  return isObject(claim) && typeof claim['token'] === 'string' && typeof claim['replica'] === 'string' ? { token: claim['token'], replica: claim['replica'] } : undefined;
}

/** A claim as one clone sees it. */
export interface SeenClaim extends Claim {
  /** For how long, in milliseconds, this clone itself has seen no sign of the claim's replica, while it looked. */
  readonly silent: number;
}

/** Whether the replica of a claim has given no sign of life for so long that somebody else may take what it has. */
export function isSilent({ silent, duration }: SeenClaim): boolean {
  return silent >= duration;
}

/** Why a claim stands in the way of another one: undefined where it does not, since the work under it has ended, or its replica has been silent for too long. */
export function whyHeld(claim: SeenClaim, bead: Bead | undefined): string | undefined {
  const ended = bead !== undefined && bead.status !== 'hooked' && claimOf(bead)?.token === claim.token;
  if (ended || isSilent(claim)) return undefined;
  return `${claim.agent} of replica ${claim.replica} has it`;
}

/** A bead that hangs on a hook, as one clone sees it. */
export interface HookedBead {
  readonly bead: Bead;
  /** The claim under which it hangs there, or was submitted. */
  readonly under: string | undefined;
  /** Whether it waits to land. */
  readonly submitted: boolean;
  /** Whether it was hung there by this clone. */
  readonly here: boolean;
  /** Whether a worker of this machine has it; `stale`: one does, and its session takes the bead for somebody else's by now. */
  readonly worked: 'none' | 'current' | 'stale';
}

export type ClaimOrder =
  /** The claim holds nothing any more. */
  | { readonly do: 'drop'; readonly claim: Claim }
  /** The hub knows nothing of work that was begun here. */
  | { readonly do: 'take'; readonly bead: Bead }
  /** The bead was given to somebody else though this clone has the claim and works. */
  | { readonly do: 'assert'; readonly claim: Claim; readonly bead: Bead }
  /** Somebody else has the claim of what is worked on here. */
  | { readonly do: 'yield'; readonly claim: Claim; readonly bead: Bead }
  /** Whoever had the bead is silent, or this clone has taken its claim already. */
  | { readonly do: 'takeOver'; readonly claim: Claim; readonly bead: Bead };

/** What a clone has to do about claims, so that the ledger says what they say. */
export function decide(replica: string, claims: readonly SeenClaim[], hooked: readonly HookedBead[]): ClaimOrder[] {
  const beads = new Map(hooked.map((each) => [each.bead.id, each]));
  const held = new Set(claims.map(({ bead }) => bead));
  const orders: ClaimOrder[] = [];
  for (const claim of claims) {
    const seen = beads.get(claim.bead);
    const same = seen?.under === claim.token;
    if (claim.replica === replica) {
      if (seen === undefined) orders.push({ do: 'drop', claim });
      else if (same && isLeftWith(claim, seen)) orders.push({ do: 'takeOver', claim, bead: seen.bead });
      else if (!same && isTooLate(claim, seen)) orders.push({ do: 'drop', claim });
      else if (isKept(claim, seen)) continue;
      else if (seen.worked !== 'none') orders.push({ do: 'assert', claim, bead: seen.bead });
      else orders.push({ do: 'takeOver', claim, bead: seen.bead });
    } else if (seen !== undefined && !seen.submitted) {
      if (same && isSilent(claim) && (isWorker(seen.bead) || isLeftWith(claim, seen))) orders.push({ do: 'takeOver', claim, bead: seen.bead });
      else if (!same && seen.here && isWorker(seen.bead)) orders.push({ do: 'yield', claim, bead: seen.bead });
    }
  }
  for (const { bead, here, submitted } of hooked) if (here && !submitted && isWorker(bead) && !held.has(bead.id)) orders.push({ do: 'take', bead });
  return orders;
}

/** Whether what is done with the bead needs no other claim: under this one it is submitted, or worked on by whoever knows; or the queue has taken it over with what was submitted. */
function isKept({ token, agent }: Claim, { under, submitted, worked }: HookedBead): boolean {
  if (under === token) return submitted || worked !== 'stale';
  return submitted && !isWorker({ assignee: agent });
}

/** Whether a role took the claim over from somebody who has submitted the bead after all: under it nothing was given to anybody, and the work would never land. The queue keeps what it took. */
function isTooLate({ agent }: Claim, { submitted }: HookedBead): boolean {
  const role = addressOf(agent)?.role;
  return submitted && role !== 'polecat' && role !== 'refinery';
}

/** Whether whoever was thought silent has yielded the bead to the role that took its claim, and that works on nothing. */
function isLeftWith({ agent }: Claim, { bead, submitted }: HookedBead): boolean {
  return !submitted && bead.assignee === agent && !isWorker(bead);
}

/** Whether it hangs on a worker's hook: what people and roles have needs no machine. */
function isWorker({ assignee }: Pick<Bead, 'assignee'>): boolean {
  return addressOf(assignee)?.role === 'polecat';
}
