import { resolve } from 'node:path';
import { exportBeads, writeExport } from '../../../actions/export.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { formats } from '../../../domain/exchange.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead export',
  summary: "Write all beads to a file: as beads' JSON Lines, sorted by id, where nothing else is said",
  options: {
    format: { type: 'string', choices: formats, default: 'jsonl', describe: "beads' JSON Lines, issues as gh prints them, or a Markdown task list" },
    rig: queryOptions.rig,
    output: { type: 'string', alias: 'o', describe: 'a file instead of standard output', placeholder: '<path>' },
    ...pastOptions,
  },
  async run({ format, rig, output, at }, context) {
    const town = await townThen(context, at);
    const { lines, count } = await exportBeads(ledgersAt(town, context.cwd, context.program, rig), format);
    const path = output === undefined ? undefined : resolve(context.cwd, output);
    if (path !== undefined) writeExport(path, lines);
    return { lines, count, path, format };
  },
  *render({ lines, count, path }) {
    if (path === undefined) yield* lines;
    else yield `wrote ${countOf(count, 'bead')} to ${path}`;
  },
  json: ({ lines, count, path, format }) => {
    if (path !== undefined) return { path, count };
    if (format === 'markdown') return lines;
    return format === 'jsonl' ? lines.map((line) => JSON.parse(line) as unknown) : (JSON.parse(lines.join('\n')) as unknown);
  },
});
