import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Usage } from '../base/errors.ts';
import { addressOf, type Address } from '../domain/address.ts';
import { discover, type Repository } from '../git/repository.ts';
import { openTown, type Town } from '../town.ts';

/** Where a command was typed, and what it was told about who types it. */
export interface Asker {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What --actor said. */
  readonly actor?: string | undefined;
}

/** Who acts. */
export interface Identity {
  /** What transactions are signed with. */
  readonly actor: string;
  /** The same as an address, where it is one: people act under their names. */
  readonly agent?: Address;
  readonly session?: string;
  /** The bead that the session was started for. */
  readonly bead?: string;
}

/** Opens the town that somebody stands in, and finds out who acts there. Throws NoTown and BadActor. */
export async function enterTown(asker: Asker, now: () => number): Promise<{ readonly town: Town; readonly me: Identity }> {
  const standing = discover(asker.cwd);
  const town = openTown(asker.cwd, now, standing);
  return { town, me: await whoAmI(town, asker, standing) };
}

/** Finds out who acts: what was said, else the session's environment, else whose worktree this is, else the town's owner. `standing` is the repository that it was typed in, where somebody has looked already. Throws BadActor. */
export async function whoAmI(town: Pick<Town, 'owner'>, asker: Asker, standing?: Repository): Promise<Identity> {
  const { env } = asker;
  if (asker.actor !== undefined) return identityOf(checkActor(asker.actor));
  const told = addressOf(env['GT_AGENT']) === undefined ? undefined : env['GT_AGENT'];
  if (told !== undefined) {
    return { ...identityOf(told), ...(env['GT_SESSION'] ? { session: env['GT_SESSION'] } : {}), ...(env['GT_BEAD'] ? { bead: env['GT_BEAD'] } : {}) };
  }
  const named = env['BD_ACTOR'] || env['BEADS_ACTOR'] || (await agentOfWorktree(standing ?? discover(asker.cwd)));
  return named ? identityOf(checkActor(named)) : { actor: town.owner.name };
}

function identityOf(actor: string): Identity {
  const agent = addressOf(actor);
  return agent === undefined ? { actor } : { actor, agent };
}

/** The address of the agent whose worktree this is; a repository's main checkout is nobody's. */
async function agentOfWorktree(repository: Repository | undefined): Promise<string | undefined> {
  if (repository?.worktree === undefined || repository.gitDir === repository.commonDir || !existsSync(join(repository.gitDir, 'config.worktree'))) return undefined;
  // Only agents' worktrees need what reads configurations.
  const { worktreeConfig } = await import('../git/worktrees.ts');
  const { 'gastown.agent': agent } = worktreeConfig(repository.worktree);
  return addressOf(agent) === undefined ? undefined : agent;
}

function checkActor(text: string): string {
  if (text.trim() === '' || text.length > 200 || /[\u0000-\u001f\u007f<>]/.test(text)) throw new BadActor(text);
  return text;
}

/** A text that cannot sign a commit. */
export class BadActor extends Usage {
  readonly code = 'actor.bad';
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 80))} cannot be who acts`, { actor: text }, 'use a name, or an address such as mayor or <rig>/crew/<name>');
  }
}
