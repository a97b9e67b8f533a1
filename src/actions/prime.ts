import crewRole from '../../formulas/roles/crew.md' with { type: 'text' };
import mayorRole from '../../formulas/roles/mayor.md' with { type: 'text' };
import overseerRole from '../../formulas/roles/overseer.md' with { type: 'text' };
import workerRole from '../../formulas/roles/polecat.md' with { type: 'text' };
import { formatAddress, type Address } from '../domain/address.ts';
import { onHook } from '../domain/agent.ts';
import type { Bead } from '../domain/bead.ts';
import { newestEntries, type Entry } from '../domain/key-value.ts';
import { liveBeads } from '../ledger/projection.ts';
import { consult } from '../ledger/read.ts';
import { ledgersOf, rigNamed, workerFolder, type Town } from '../town.ts';
import { gitText } from '../git/run.ts';
import { existsSync } from 'node:fs';

/** What a fresh session needs to know. */
export interface Primer {
  readonly agent: string;
  readonly role: Address['role'];
  readonly rules: string;
  readonly bead: Bead | undefined;
  readonly branch: string | undefined;
  /** The newest attempts at the bead that did not land, newest last. */
  readonly attempts: readonly { readonly outcome: string; readonly evidence: string }[];
  /** What everybody who works there should know, the newest first. */
  readonly memories: readonly Entry[];
}

const rulesOf: Partial<Record<Address['role'], string>> = { polecat: workerRole, crew: crewRole, mayor: mayorRole, overseer: overseerRole };
const shownAttempts = 2;

/** Gathers what an agent should know when its session begins. An error is thrown, never read as "no work". */
export async function prime(town: Town, agent: Address): Promise<Primer> {
  const name = formatAddress(agent);
  const bead = await hookOf(town, name);
  const folder = agent.role === 'polecat' ? workerFolder(rigNamed(town, agent.rig), agent.name) : undefined;
  const branch = folder !== undefined && existsSync(folder) ? await gitText(folder, ['symbolic-ref', '--quiet', '--short', 'HEAD'], { accept: [0, 1] }) : undefined;
  const attempts = (bead?.attempts ?? []).slice(-shownAttempts).map(({ outcome, evidence }) => ({ outcome, evidence }));
  const places = [...new Set('rig' in agent ? [rigNamed(town, agent.rig).ledger, town.hq] : [town.hq])];
  const memories = (await Promise.all(places.map((ledger) => consult(ledger, (view) => newestEntries(view.settings('memory')))))).flat();
  return { agent: name, role: agent.role, rules: rulesOf[agent.role] ?? '', bead, branch: branch === '' ? undefined : branch, attempts, memories };
}

/** The bead on an agent's hook, from whichever ledger of the town it is in, whole. */
export async function hookOf(town: Town, agent: string): Promise<Bead | undefined> {
  for (const ledger of ledgersOf(town)) {
    const found = onHook(await liveBeads(ledger), agent);
    if (found !== undefined) return consult(ledger, (view) => view.get(found.id));
  }
  return undefined;
}
