import { aliasNames, type AliasReport } from '../actions/aliases.ts';
import type { GateChoice } from '../actions/gate-choice.ts';
import type { GitHookReport } from '../actions/githooks.ts';
import { Usage } from '../base/errors.ts';
import { NoTown, rigAt, rigNamed, type Rig, type Town } from '../town.ts';
import type { Option } from './command.ts';
import { commandNames } from './commands.ts';

/** The options by which a gate is settled. */
export const gateOptions = {
  gate: { type: 'string', describe: 'the command that must succeed before a change lands', placeholder: '<command>' },
  'no-gate': { type: 'boolean', describe: 'let changes land without one' },
  yes: { type: 'boolean', alias: 'y', describe: 'take the tests of the project as the gate, where they are known' },
} as const satisfies Record<string, Option>;

/** The git aliases that there are commands for. */
export function usefulAliases(): string[] {
  const names = commandNames();
  return aliasNames.filter((alias) => names.some((name) => name === alias || name.startsWith(`${alias} `)));
}

/** Says what a change has to pass before it lands. */
export function* gateLines(gate: GateChoice, rig?: string): Iterable<string> {
  const set = `gt config set ${rig === undefined ? '' : `--rig ${rig} `}merge_queue.gates`;
  if (gate.kind === 'command') yield `  gate      ${gate.command}`;
  else if (gate.kind === 'none') yield '  gate      none: changes land untested';
  else yield `  gate      not settled, so nothing lands yet: ${gate.proposal === undefined ? `${set}.test.command "<command>"` : `${set}.test.command "${gate.proposal}"`}, or ${set} none`;
}

/** Says which git aliases there are. */
export function* aliasLines({ set, kept }: AliasReport): Iterable<string> {
  if (set.length > 0) yield `  aliases   ${set.map((name) => `git ${name}`).join(', ')}`;
  for (const { name, value } of kept) yield `note: git ${name} is your own alias (${value}) and was left alone`;
}

/** Says how git's hooks stand. */
export function* gitHookLines({ folder, handsOnTo, hooks }: GitHookReport): Iterable<string> {
  if (folder === undefined) {
    yield 'note: core.hooksPath switches git hooks off: commits will not wake the town';
    return;
  }
  const chained = hooks.filter(({ chained: before }) => before !== undefined).map(({ name }) => name);
  const also = handsOnTo !== undefined ? `, which hand on to ${handsOnTo}` : chained.length > 0 ? `; yours still run first: ${chained.join(', ')}` : '';
  yield `  git hooks ${folder}${also}`;
  for (const { name, state } of hooks) if (state === 'foreign') yield `note: ${folder}/${name} was left as it is: there is another one beside it from before`;
}

/** The rig that was named, or that the person stands in. Throws UnknownRig, WhichRig. */
export function theRig(town: Town, named: string | undefined, cwd: string): Rig {
  if (named !== undefined) return rigNamed(town, named);
  const found = rigAt(town, cwd);
  if (found === undefined) throw new WhichRig(town);
  return found;
}

/** The repository of the rig that was named, or that the person stands in; elsewhere the town's own. Throws UnknownRig. */
export function theRepository(town: Town, named: string | undefined, cwd: string): Rig['repository'] {
  return (named === undefined ? rigAt(town, cwd) : rigNamed(town, named))?.repository ?? town.hq.repository;
}

/** A rig is needed, and none was named. */
export class WhichRig extends Usage {
  readonly code = 'rig.unnamed';
  constructor({ rigs }: Town) {
    super('which rig?', { rigs: rigs.map(({ name }) => name) }, `--rig ${rigs[0]?.name ?? '<rig>'}`);
  }
}

/** Every repository of a town, its own first. Throws NoTown where there is none. */
export function repositoriesOf(town: Town | undefined, cwd: string): Rig['repository'][] {
  if (town === undefined) throw new NoTown(cwd);
  return [...new Set([town.hq.repository, ...town.rigs.map(({ repository }) => repository)])];
}
