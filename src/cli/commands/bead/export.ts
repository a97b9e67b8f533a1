import { resolve } from 'node:path';
import { exportBeads, writeExport } from '../../../actions/import.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead export',
  summary: "Write all beads as beads' JSON Lines, sorted by id",
  options: { rig: queryOptions.rig, output: { type: 'string', alias: 'o', describe: 'a file instead of standard output', placeholder: '<path>' }, ...pastOptions },
  async run({ rig, output, at }, context) {
    const town = await townThen(context, at);
    const lines = await exportBeads(ledgersAt(town, context.cwd, context.program, rig));
    const path = output === undefined ? undefined : resolve(context.cwd, output);
    if (path !== undefined) writeExport(path, lines);
    return { lines, path };
  },
  *render({ lines, path }) {
    if (path === undefined) yield* lines;
    else yield `wrote ${lines.length} beads to ${path}`;
  },
  json: ({ lines, path }) => (path === undefined ? lines.map((line) => JSON.parse(line) as unknown) : { path, count: lines.length }),
});
