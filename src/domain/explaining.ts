import { edgesOf, isDone, type Bead, type Beads } from './bead.ts';
import { unmet } from './dependency.ts';
import { isReady, readyOrder } from './ready.ts';
import type { CategoryOf } from './status.ts';

/** Why a bead can be started: nothing holds it up, or what held it up is done. */
export interface ReadyReason {
  readonly bead: Bead;
  readonly reason: string;
  /** What it waited for once. */
  readonly resolved: readonly string[];
}

/** What a bead still waits for. */
export interface BlockedReason {
  readonly bead: Bead;
  readonly waiting: readonly Bead[];
}

const hardTypes = ['blocks', 'conditional-blocks'];

/** Says of beads that are not done why they are ready (milliseconds since 1970), or what they wait for; `beads` may leave out what is done. Those that are neither are in work or laid aside, and are left out. */
export function explain(beads: Beads, asked: readonly Bead[], now: number, categoryOf?: CategoryOf): { readonly ready: readonly ReadyReason[]; readonly blocked: readonly BlockedReason[] } {
  const ready: ReadyReason[] = [];
  const blocked: BlockedReason[] = [];
  for (const bead of asked.filter((each) => !isDone(each)).sort(readyOrder)) {
    const waiting = unmet(beads, bead);
    if (waiting.length > 0) blocked.push({ bead, waiting: waiting.map((id) => beads.get(id)).filter((each) => each !== undefined) });
    else if (isReady(beads, bead, now, categoryOf)) ready.push(reasonOf(bead));
  }
  return { ready, blocked };
}

function reasonOf(bead: Bead): ReadyReason {
  const resolved = edgesOf(bead, hardTypes).filter((id) => !id.startsWith('external:'));
  const reason = resolved.length === 0 ? 'it waits for nothing' : `what it waited for is done: ${resolved.join(', ')}`;
  return { bead, reason, resolved };
}
