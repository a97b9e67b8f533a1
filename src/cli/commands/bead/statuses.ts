import { customStatuses } from '../../../domain/status.ts';
import { statusMeanings } from '../../../domain/meaning.ts';
import { findTown, rigAt, type Town } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead statuses',
  summary: 'List the statuses that beads have, and what each means',
  async run(_args, { cwd, now }) {
    const town = findTown(cwd, now);
    return { everybodys: statusMeanings(), custom: town === undefined ? [] : await customOf(town, cwd) };
  },
  *render({ everybodys, custom }) {
    yield table([...everybodys, ...custom], [{ title: 'STATUS', cell: ({ name }) => name }, { title: 'KIND', cell: ({ category }) => category }, { title: 'MEANS', cell: ({ description }) => description, shrink: true }]);
  },
  json: ({ everybodys, custom }) => ({ built_in_statuses: everybodys, custom_statuses: custom }),
});

async function customOf(town: Town, cwd: string): Promise<{ readonly name: string; readonly category: string; readonly description: string }[]> {
  const { settings } = await import('../../../actions/settings.ts');
  return customStatuses(await settings(town, rigAt(town, cwd))).map((status) => ({ ...status, description: 'of your own (status.custom)' }));
}
