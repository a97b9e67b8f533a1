import { settings } from '../../../actions/settings.ts';
import { customTypes } from '../../../domain/kind.ts';
import { typeMeanings } from '../../../domain/meaning.ts';
import { openTown, rigAt } from '../../../town.ts';
import { defineCommand } from '../../command.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead types',
  summary: 'List the types that work is filed under, and what each is for',
  async run(_args, context) {
    const town = openTown(context.cwd, context.now);
    return { core: typeMeanings(), custom: customTypes(await settings(town, rigAt(town, context.cwd))) };
  },
  *render({ core, custom }) {
    yield table([...core, ...custom.map((name) => ({ name, description: 'of your own (types.custom)' }))], [{ title: 'TYPE', cell: ({ name }) => name }, { title: 'IS', cell: ({ description }) => description, shrink: true }]);
  },
  json: ({ core, custom }) => ({ core_types: core, custom_types: custom }),
});
