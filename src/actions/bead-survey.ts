import { find, type Bead } from '../domain/bead.ts';
import { connectedTo, graphOf, type DependencyGraph } from '../domain/dependency-graph.ts';
import { missingSections } from '../domain/lint.ts';
import { matches } from '../domain/matching.ts';
import { openWork, type Query } from '../domain/query.ts';
import { readyOrder } from '../domain/ready.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { consult } from '../ledger/read.ts';
import type { Town } from '../town.ts';
import { isIn, liveTown } from './bead-judging.ts';
import { wholeTown } from './bead-list.ts';
import { resolveBead, resolveId } from './resolve.ts';

/** A bead that does not say what those of its type should, by the field names that bd's readers expect. */
export interface LintResult {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly missing: readonly string[];
  readonly warnings: number;
}

/** The beads that do not say what those of their type should, most urgent first: of those that are named, else of those that a query asks for and that are not done. */
export async function lintBeads(town: Town, ledgers: readonly Ledger[], cwd: string, texts: readonly string[], query: Query): Promise<LintResult[]> {
  const asked = texts.length > 0 ? await named(town, cwd, texts) : [...(await liveTown(town)).all()].filter((bead) => isIn(ledgers, bead.id) && matches(query, bead)).sort(readyOrder);
  return asked.map((bead) => ({ bead, missing: missingSections(bead) })).filter(({ missing }) => missing.length > 0)
    .map(({ bead: { id, title, issue_type: type }, missing }) => ({ id, title, type, missing, warnings: missing.length }));
}

async function named(town: Town, cwd: string, texts: readonly string[]): Promise<Bead[]> {
  return Promise.all(texts.map(async (text) => {
    const { id, ledger } = await resolveBead(town, text, cwd);
    return consult(ledger, (view) => find(view, id));
  }));
}

/** The graph of all work of some ledgers that is not done, or of those that one of them is connected with, done ones too where it is done itself. Throws UnknownBead and AmbiguousId. */
export async function dependencyGraph(town: Town, ledgers: readonly Ledger[], cwd: string, text: string | undefined): Promise<DependencyGraph> {
  const beads = await liveTown(town);
  if (text === undefined) return graphOf([...beads.all()].filter((bead) => isIn(ledgers, bead.id) && matches(openWork, bead)));
  const id = await resolveId(town, text, cwd);
  const view = beads.get(id) === undefined ? await wholeTown(town) : beads;
  find(view, id);
  return graphOf(connectedTo(view, id));
}
