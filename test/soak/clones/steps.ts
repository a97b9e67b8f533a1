import type { ImportTree } from '../../../src/git/import.ts';
import { RemoteUnreachable } from '../../../src/git/remotes.ts';
import type { Repository } from '../../../src/git/repository.ts';
import type { Git, moving } from './room.ts';

export const faults = ['killed before', 'killed amid', 'killed after', 'cut off', 'answer lost', 'overtaken'] as const;

/** What happens to a process at one of its steps: a number counted from 0, for the last three among those that speak with the hub. */
export interface Fault {
  readonly kind: (typeof faults)[number];
  readonly at: number;
}

/** The steps of one process: whatever changes a ref, here or on the hub. */
export class Steps {
  #taken = 0;
  #spoken = 0;
  /** Whether its fault has happened. */
  struck = false;

  constructor(
    readonly fault: Fault | undefined,
    readonly online: boolean,
    /** Ends the process at once; never comes back. */
    readonly die: () => Promise<never>,
    /** Lets somebody else do something first. */
    readonly overtake: () => Promise<void>,
  ) {}

  async take<T>(speaks: boolean, effect: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    if (speaks && !this.online) throw new RemoteUnreachable('origin', 'fatal: the network is down');
    const due = this.#due(speaks);
    if (due === undefined) return effect();
    switch (due) {
      case 'overtaken': await this.overtake(); return effect();
      case 'killed before': return this.die();
      case 'killed amid': await half?.(); return this.die();
      case 'cut off': throw new RemoteUnreachable('origin', 'fatal: the line is cut');
      case 'killed after': await effect(); return this.die();
      case 'answer lost': await effect(); throw new RemoteUnreachable('origin', 'fatal: the remote end hung up unexpectedly');
    }
  }

  #due(speaks: boolean): Fault['kind'] | undefined {
    const [taken, spoken] = [this.#taken, this.#spoken];
    this.#taken += 1;
    if (speaks) this.#spoken += 1;
    const { fault } = this;
    if (fault === undefined || this.struck) return undefined;
    const isDue = fault.kind.startsWith('killed') ? fault.at === taken : speaks && fault.at === spoken;
    if (!isDue) return undefined;
    this.struck = true;
    return fault.kind;
  }
}

/** The functions of a git room that change refs, each a step of the process that works in the repository. */
export function stepwise(room: Pick<Git, (typeof moving)[number]>, of: (repository: Repository) => Steps): Pick<Git, (typeof moving)[number]> {
  return {
    updateRefs: (repository, changes, options) => {
      const half = changes.slice(0, Math.floor(changes.length / 2));
      return of(repository).take(false, () => room.updateRefs(repository, changes, options), () => room.updateRefs(repository, half, options));
    },
    commitOn: (repository, ...given) => of(repository).take(false, () => room.commitOn(repository, ...given)),
    importCommit: async (repository, ref, parent, build, options = {}) => {
      const draft = await build(noTree);
      const write = (): Promise<string | undefined> => room.importCommit(repository, ref, parent, async () => draft, options);
      // Otherwise the ref is moved apart, which is a step by itself.
      const atOnce = (options.expected === undefined || options.expected === parent) && (draft?.extraParents ?? []).length === 0;
      return atOnce ? of(repository).take(false, write) : write();
    },
    fetch: (repository, ...given) => of(repository).take(true, () => room.fetch(repository, ...given)),
    push: (repository, remote, how) => {
      const half = { ...how, updates: how.updates.slice(0, Math.floor(how.updates.length / 2)) };
      return of(repository).take(true, () => room.push(repository, remote, how), () => (how.atomic === false ? room.push(repository, remote, half) : Promise.resolve()));
    },
  };
}

/** A commit of the ledger is drafted without a look at its parent's tree. */
export const noTree: ImportTree = {
  read: () => Promise.reject(new Error('nothing reads the parent while it drafts a commit')),
  list: () => Promise.reject(new Error('nothing lists the parent while it drafts a commit')),
};
