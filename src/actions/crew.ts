import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Refused } from '../base/errors.ts';
import { timestamp } from '../base/time.ts';
import { checkName, formatAddress, isName } from '../domain/address.ts';
import { enroll } from '../domain/agent.ts';
import { isClean } from '../git/checkout.ts';
import { readRef } from '../git/refs.ts';
import { PathTaken } from '../git/remotes.ts';
import { discover, openRepository } from '../git/repository.ts';
import { addWorktree, configureWorktree, listWorktrees } from '../git/worktrees.ts';
import { transact, type Signature } from '../ledger/transact.ts';
import type { Rig, Town } from '../town.ts';

/** A person's own checkout of a rig. */
export interface CrewMember {
  readonly name: string;
  readonly rig: string;
  readonly address: string;
  readonly folder: string;
  /** Undefined where the head is detached. */
  readonly branch: string | undefined;
}

export interface CrewListing extends CrewMember {
  /** False where it holds changes that are not committed. */
  readonly clean: boolean;
}

function folderOf(rig: Rig, name: string): string {
  return join(rig.folder, 'crew', name);
}

/** Gives a person a checkout of a rig, on a branch of their own; one that is there already stays as it is. Throws PathTaken, NothingToCheckOut. */
export async function addCrew(town: Town, rig: Rig, who: Signature, name: string): Promise<CrewMember & { readonly made: boolean }> {
  checkName('crew member', name);
  const address = formatAddress({ role: 'crew', rig: rig.name, name });
  const folder = folderOf(rig, name);
  const branch = `crew/${name}`;
  const there = discover(folder)?.worktree === folder;
  if (!there) {
    if (existsSync(folder) && readdirSync(folder).length > 0) throw new PathTaken(folder);
    await checkOut(rig, folder, branch);
  }
  await configureWorktree(folder, { 'gastown.agent': address });
  const at = timestamp(town.now());
  await transact(rig.ledger, who, `Enroll ${address}`, (view) => enroll(view, rig.prefix, address, undefined, { by: who.actor, at }));
  return { name, rig: rig.name, address, folder, branch, made: !there };
}

async function checkOut(rig: Rig, folder: string, branch: string): Promise<void> {
  const known = await readRef(rig.repository, `refs/heads/${branch}`);
  const start = rig.remote === undefined ? undefined : await readRef(rig.repository, `refs/remotes/${rig.remote}/${rig.target}`);
  const tip = start ?? (await readRef(rig.repository, `refs/heads/${rig.target}`));
  if (known !== undefined) await addWorktree(rig.repository, folder, { branch });
  else if (tip !== undefined) await addWorktree(rig.repository, folder, { branch, newBranch: true, startPoint: tip });
  else throw new NothingToCheckOut(rig);
}

/** The crew of some rigs, by rig and name. */
export async function listCrew(rigs: readonly Rig[]): Promise<CrewListing[]> {
  const found = await Promise.all(rigs.map(async (rig) => {
    const branches = new Map((await listWorktrees(rig.repository)).map(({ path, branch }) => [path, branch?.replace(/^refs\/heads\//, '')]));
    return Promise.all(namesOf(rig).map(async (name): Promise<CrewListing> => {
      const folder = folderOf(rig, name);
      const address = formatAddress({ role: 'crew', rig: rig.name, name });
      return { name, rig: rig.name, address, folder, branch: branches.get(folder), clean: await isClean(openRepository(folder)) };
    }));
  }));
  return found.flat();
}

function namesOf(rig: Rig): string[] {
  const folder = join(rig.folder, 'crew');
  return existsSync(folder) ? readdirSync(folder).filter((name) => isName(name) && discover(join(folder, name))?.worktree === join(folder, name)).sort() : [];
}

/** The branch that work lands on has no commit yet. */
export class NothingToCheckOut extends Refused {
  readonly code = 'rig.no-commits';
  constructor({ name, target }: Rig) {
    super(`${target} of ${name} has no commits yet`, { rig: name, target }, 'make the first commit: git commit --allow-empty -m "Begin"');
  }
}
