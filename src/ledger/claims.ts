import { randomBytes } from 'node:crypto';
import { Refused } from '../base/errors.ts';
import { readLines } from '../base/jsonl.ts';
import type { Claim, SeenClaim } from '../domain/claim.ts';
import { ObjectReader } from '../git/objects.ts';
import { listRefs, readRef } from '../git/refs.ts';
import { push, type PushUpdate } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { gitText } from '../git/run.ts';
import { readState, replicaOf, writeState } from './ledger.ts';
import { nameOnHub, noteArrived, trackingRef, type Hub } from './sharing.ts';

/** The ref by which a hub says who has a bead. */
export function claimRef(bead: string): string {
  return `refs/claims/${bead}`;
}

const claimFolder = 'refs/claims/';
const leaseFolder = 'refs/leases/';

/** Writes a commit of nothing but words: every host takes commits, whatever the ref is called. */
async function writeWords(repository: Repository, subject: string, facts: object, now: number): Promise<string> {
  const tree = await gitText(repository, ['mktree'], { input: '' });
  const date = `${Math.floor(now / 1000)} +0000`;
  const person = { GIT_AUTHOR_NAME: 'gastown', GIT_AUTHOR_EMAIL: 'gastown', GIT_AUTHOR_DATE: date, GIT_COMMITTER_NAME: 'gastown', GIT_COMMITTER_EMAIL: 'gastown', GIT_COMMITTER_DATE: date };
  return gitText(repository, ['commit-tree', tree, '-m', `${subject}\n\n${JSON.stringify(facts)}`], { env: person });
}

/** The claims of a hub as the last fetch saw them, each with how long this clone has heard nothing of its replica. */
export async function readClaims(repository: Repository, hub: Pick<Hub, 'remote'>): Promise<SeenClaim[]> {
  const refs = await listRefs(repository, trackingRef(hub, claimFolder));
  if (refs.length === 0) return [];
  const seen = readSigns(repository);
  const reader = ObjectReader.open(repository);
  try {
    const found = await Promise.all(refs.map(async ({ ref, oid }) => ({ bead: ref.slice(trackingRef(hub, claimFolder).length), token: oid, text: (await reader.contents(oid))?.body.toString('utf8') ?? '' })));
    return found.flatMap(({ bead, token, text }) => {
      const facts = factsIn(text);
      const { replica, agent, duration } = facts ?? {};
      if (typeof replica !== 'string' || typeof agent !== 'string' || typeof duration !== 'number') return [];
      const known = seen[bead];
      return [{ bead, token, replica, agent, duration, silent: known?.token === token ? known.silent : 0 }];
    });
  } finally {
    await reader.close();
  }
}

/** What the commit of a claim says; undefined where that cannot be read, for anybody may push one. */
function factsIn(commit: string): Record<string, unknown> | undefined {
  const body = commit.slice(commit.indexOf('\n\n') + 2);
  const line = body.slice(body.indexOf('\n\n') + 2);
  const [first] = readLines(line);
  return first !== undefined && 'value' in first ? first.value : undefined;
}

/** What a clone has seen of one claim. */
interface Sign {
  readonly token: string;
  /** What moves while its replica lives. */
  readonly sign: string;
  /** Milliseconds without a new sign, counted while this clone looked. */
  readonly silent: number;
}

interface Signs {
  /** Milliseconds since 1970 by this clone's clock. */
  readonly at: number;
  readonly claims: Readonly<Record<string, Sign>>;
}

const signsFile = 'claims.json';
/** A longer gap between two looks was a sleep, or nobody looked: it proves nothing. */
const longestStep = 120_000;

function readSigns(repository: Repository): Readonly<Record<string, Sign>> {
  return readState<Signs>(repository, signsFile)?.claims ?? {};
}

/** Notes, right after a fetch, of which replicas there were signs of life since the last look. */
export async function noteSigns(repository: Repository, hub: Hub, now: number): Promise<void> {
  const claims = await readClaims(repository, hub);
  const before = readState<Signs>(repository, signsFile);
  if (claims.length === 0 && before === undefined) return;
  const step = before === undefined ? 0 : Math.min(longestStep, Math.max(0, now - before.at));
  const signs = await Promise.all(claims.map(async ({ bead, token, replica }): Promise<[string, Sign]> => {
    const moving = [`${leaseFolder}${replica}`, `refs/beads/replicas/${replica}`].map((ref) => readRef(repository, trackingRef(hub, ref)));
    const sign = (await Promise.all(moving)).join(' ');
    const known = before?.claims[bead];
    return [bead, { token, sign, silent: known?.token === token && known.sign === sign ? known.silent + step : 0 }];
  }));
  writeState(repository, { at: now, claims: Object.fromEntries(signs) } satisfies Signs, signsFile);
}

/** Takes a bead on the hub, in one push that must find no claim, or the one that may be replaced. Throws PushRefused where somebody was faster, PushDenied and RemoteUnreachable. */
export async function pushClaim(repository: Repository, hub: Hub, wish: { readonly bead: string; readonly agent: string; readonly duration: number }, replaces: string | undefined, now: number): Promise<Claim> {
  const replica = replicaOf(repository);
  const facts = { ...wish, replica, nonce: randomBytes(8).toString('hex') };
  const token = await writeWords(repository, `Claim ${wish.bead}`, facts, now);
  await pushTracked(repository, hub, claimRef(wish.bead), replaces ?? null, token);
  return { ...wish, replica, token };
}

/** Takes a claim off the hub, if it still is this very one. Throws what `push` throws. */
export async function dropClaim(repository: Repository, hub: Hub, { bead, token }: Pick<Claim, 'bead' | 'token'>): Promise<void> {
  await pushTracked(repository, hub, claimRef(bead), token, null);
}

/** Gives a sign of life for all claims of this clone. Throws what `push` throws. */
export async function beat(repository: Repository, hub: Hub, now: number): Promise<void> {
  const replica = replicaOf(repository);
  const ref = `${leaseFolder}${replica}`;
  const before = await readRef(repository, trackingRef(hub, ref));
  const next = await writeWords(repository, `Alive: ${replica}`, { replica, nonce: randomBytes(4).toString('hex') }, now);
  await pushTracked(repository, hub, ref, before ?? null, next);
}

/** When this clone last gave a sign of life, by its own clock, in seconds since 1970; 0 where it never did. */
export async function lastBeat(repository: Repository, hub: Hub): Promise<number> {
  const oid = await readRef(repository, trackingRef(hub, `${leaseFolder}${replicaOf(repository)}`));
  return oid === undefined ? 0 : Number(await gitText(repository, ['show', '-s', '--format=%ct', oid]));
}

async function pushTracked(repository: Repository, hub: Hub, ref: string, from: string | null, to: string | null): Promise<void> {
  await push(repository, hub.remote, { updates: [{ ref: nameOnHub(hub, ref), from, to } satisfies PushUpdate], timeoutMs: 60_000 });
  await noteArrived(repository, hub, [{ name: ref, from: (await readRef(repository, trackingRef(hub, ref))) ?? null, to }]);
}

/** Another machine has the bead. */
export class ClaimHeld extends Refused {
  readonly code = 'claim.held';
  constructor({ bead, agent, replica, token }: Omit<Claim, 'duration'>) {
    super(`${bead} is worked on elsewhere: ${agent} of replica ${replica} has it`, { bead, agent, replica, token }, `gt sync, then gt show ${bead}`);
  }
}
