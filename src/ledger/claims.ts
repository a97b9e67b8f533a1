import { randomBytes } from 'node:crypto';
import { Refused } from '../base/errors.ts';
import { readLines } from '../base/jsonl.ts';
import { oneLine } from '../base/text.ts';
import type { Claim, SeenClaim } from '../domain/claim.ts';
import { commitTree } from '../git/merging.ts';
import { MissingObject, readObjects } from '../git/object.ts';
import { ObjectReader } from '../git/objects.ts';
import { listRefs, readRef } from '../git/refs.ts';
import { listRemoteRefs, push, PushRefused } from '../git/remotes.ts';
import type { Repository } from '../git/repository.ts';
import { gitText } from '../git/run.ts';
import { readState, replicaOf, writeState } from './ledger.ts';
import { nameOnHub, noteArrived, replicaFolder, trackingRef, type Hub } from './sharing.ts';

/** The ref by which a hub says who has a bead. */
export function claimRef(bead: string): string {
  return `refs/claims/${bead}`;
}

const claimFolder = 'refs/claims/';

/** Below it lie the signs of life that clones give on a hub, each by its replica's id. */
export const leaseFolder = 'refs/leases/';

/** Writes a commit of nothing but words: every host takes commits, whatever the ref is called. */
async function writeWords(repository: Repository, subject: string, facts: object, now: number): Promise<string> {
  const tree = await gitText(repository, ['mktree'], { input: '' });
  const person = { name: 'gastown', email: 'gastown', epochSeconds: Math.floor(now / 1000), zone: '+0000' };
  return commitTree(repository, { tree, parents: [], message: `${subject}\n\n${JSON.stringify(facts)}\n`, author: person, committer: person });
}

/** The claims of a hub as the last fetch saw them, each with how long this clone has heard nothing of its replica. Throws MissingObject: a claim that is lost here still stands. */
export async function readClaims(repository: Repository, hub: Pick<Hub, 'remote'>): Promise<SeenClaim[]> {
  const refs = await listRefs(repository, trackingRef(hub, claimFolder));
  if (refs.length === 0) return [];
  const seen = readSigns(repository);
  const reader = ObjectReader.open(repository);
  try {
    const found = await Promise.all(refs.map(async ({ ref, oid }) => claimIn(ref.slice(trackingRef(hub, claimFolder).length), oid, (await reader.body(oid)).toString('utf8'))));
    return found.flatMap((claim) => (claim === undefined ? [] : [{ ...claim, silent: seen[claim.bead]?.token === claim.token ? (seen[claim.bead]?.silent ?? 0) : 0 }]));
  } finally {
    await reader.close();
  }
}

/** The claim that a commit speaks of; undefined where that cannot be read, for anybody may push one. */
function claimIn(bead: string, token: string, commit: string): Claim | undefined {
  const body = commit.slice(commit.indexOf('\n\n') + 2);
  const line = body.slice(body.indexOf('\n\n') + 2);
  const [first] = readLines(line);
  const { replica, agent, duration } = first !== undefined && 'value' in first ? first.value : {};
  return typeof replica === 'string' && typeof agent === 'string' && typeof duration === 'number' ? { bead, token, replica, agent, duration } : undefined;
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
/** A longer gap between two looks was a sleep, or nobody looked: it proves nothing. What a clock that goes back had said before is taken back as far. */
const longestStep = 120_000;

function readSigns(repository: Repository): Readonly<Record<string, Sign>> {
  return readState<Signs>(repository, signsFile)?.claims ?? {};
}

/** Notes, right after a fetch, of which replicas there were signs of life since the last look. */
export async function noteSigns(repository: Repository, hub: Hub, now: number): Promise<void> {
  const claims = await readClaims(repository, hub);
  const before = readState<Signs>(repository, signsFile);
  if (claims.length === 0 && before === undefined) return;
  const step = before === undefined ? 0 : Math.max(-longestStep, Math.min(longestStep, now - before.at));
  const signs = await Promise.all(claims.map(async ({ bead, token, replica }): Promise<[string, Sign]> => {
    const moving = [`${leaseFolder}${replica}`, `${replicaFolder}${replica}`].map((ref) => readRef(repository, trackingRef(hub, ref)));
    const sign = (await Promise.all(moving)).join(' ');
    const known = before?.claims[bead];
    return [bead, { token, sign, silent: known?.token === token && known.sign === sign ? Math.max(0, known.silent + step) : 0 }];
  }));
  writeState(repository, { at: now, claims: Object.fromEntries(signs) } satisfies Signs, signsFile);
}

/** Takes a bead on the hub, in one push that must find no claim, or the one that may be replaced. Throws PushRefused where somebody was faster, ClaimUnreadable, MissingObject, PushDenied and RemoteUnreachable. */
export async function pushClaim(repository: Repository, hub: Hub, wish: { readonly bead: string; readonly agent: string; readonly duration: number }, replaces: string | undefined, now: number): Promise<Claim> {
  if (replaces === undefined) await refuseUnreadable(repository, hub, wish.bead);
  const replica = replicaOf(repository);
  const facts = { ...wish, replica, nonce: randomBytes(8).toString('hex') };
  const token = await writeWords(repository, `Claim ${wish.bead}`, facts, now);
  await pushTracked(repository, hub, claimRef(wish.bead), replaces ?? null, token);
  return { ...wish, replica, token };
}

async function refuseUnreadable(repository: Repository, hub: Hub, bead: string): Promise<void> {
  const token = await readRef(repository, trackingRef(hub, claimRef(bead)));
  if (token === undefined) return;
  const [found] = await readObjects(repository, [token]);
  if (found === undefined) throw new MissingObject(token);
  const text = found.body.toString('utf8');
  if (claimIn(bead, token, text) === undefined) throw new ClaimUnreadable(hub, bead, token, found.type === 'commit' ? /^author (.*) \d+ [+-]\d{4}$/m.exec(text)?.[1] : undefined);
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
  try {
    await pushTracked(repository, hub, ref, before ?? null, next);
  } catch (error) {
    if (!(error instanceof PushRefused)) throw error;
    // It was retired meanwhile, or the last sign was not noted: nobody else gives any by this name.
    const name = nameOnHub(hub, ref);
    const there = (await listRemoteRefs(repository, hub.remote, [name])).find((each) => each.ref === name);
    await pushTracked(repository, hub, ref, there?.oid ?? null, next);
  }
}

/** When this clone last gave a sign of life, by its own clock, in seconds since 1970; 0 where it never did. */
export async function lastBeat(repository: Repository, hub: Hub): Promise<number> {
  const oid = await readRef(repository, trackingRef(hub, `${leaseFolder}${replicaOf(repository)}`));
  return oid === undefined ? 0 : Number(await gitText(repository, ['show', '-s', '--format=%ct', oid]));
}

async function pushTracked(repository: Repository, hub: Hub, ref: string, from: string | null, to: string | null): Promise<void> {
  await push(repository, hub.remote, { updates: [{ ref: nameOnHub(hub, ref), from, to }], timeoutMs: 60_000 });
  await noteArrived(repository, hub, [{ name: ref, from: (await readRef(repository, trackingRef(hub, ref))) ?? null, to }]);
}

/** Another machine has the bead. */
export class ClaimHeld extends Refused {
  readonly code = 'claim.held';
  constructor({ bead, agent, replica, token }: Omit<Claim, 'duration'>) {
    super(`${bead} is worked on elsewhere: ${agent} of replica ${replica} has it`, { bead, agent, replica, token }, `gt sync, then gt show ${bead}`);
  }
}

/** A hub has a claim that is none of ours to read, so nobody can tell who has the bead, or for how long. */
export class ClaimUnreadable extends Refused {
  readonly code = 'claim.unreadable';
  constructor(hub: Hub, bead: string, token: string, author: string | undefined) {
    const ref = nameOnHub(hub, claimRef(bead));
    super(`${bead} cannot be claimed: what ${oneLine(author ?? 'somebody')} pushed to ${ref} on ${hub.remote} is no claim that gt can read`, { bead, ref, token, author }, `git push ${hub.remote} :${ref} (takes it away; ask them first)`);
  }
}
