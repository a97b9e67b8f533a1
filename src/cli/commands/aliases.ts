import { removeAliases, setAliases } from '../../actions/aliases.ts';
import { findTown } from '../../town.ts';
import { defineCommand } from '../command.ts';
import { aliasLines, repositoriesOf, usefulAliases } from '../setup.ts';

export const command = defineCommand({
  name: 'aliases',
  summary: 'Set the git aliases, such as git bead, in the repositories of the town',
  options: {
    global: { type: 'boolean', describe: 'for all your repositories' },
    remove: { type: 'boolean', describe: 'take them away again' },
  },
  async run({ global, remove }, { cwd, now }) {
    const repositories = global ? [undefined] : repositoriesOf(findTown(cwd, now), cwd);
    const reports = [];
    for (const repository of repositories) reports.push(remove ? { set: [], kept: [], removed: await removeAliases(repository) } : { ...(await setAliases(repository, usefulAliases())), removed: [] });
    return { set: unique(reports.flatMap(({ set }) => set)), kept: reports.flatMap(({ kept }) => kept), removed: unique(reports.flatMap(({ removed }) => removed)) };
  },
  *render({ set, kept, removed }, { remove }) {
    if (remove) yield removed.length === 0 ? 'there were none' : `removed ${removed.map((name) => `git ${name}`).join(', ')}`;
    else yield* aliasLines({ set, kept });
  },
});

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
