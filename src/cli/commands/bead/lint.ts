import { lintBeads } from '../../../actions/bead-survey.ts';
import { resolveId } from '../../../actions/resolve.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';
import { workOptions } from '../../work-options.ts';

export const command = defineCommand({
  name: 'bead lint',
  summary: 'Find beads that do not say what those of their type should',
  args: [{ name: 'bead', describe: 'ids, or how they begin; otherwise all that is not done', many: true }],
  options: { status: { type: 'array', alias: 's', describe: 'of these statuses' }, ...workOptions, ...pastOptions },
  async run({ bead, rig, parent, at, ...typed }, context) {
    const town = await townThen(context, at);
    const query = await readQuery(typed, parent === undefined ? undefined : await resolveId(town, parent, context.cwd), context);
    const results = await lintBeads(town, ledgersAt(town, context.cwd, context.program, rig), context.cwd, bead, query);
    return { total: results.reduce((sum, { warnings }) => sum + warnings, 0), issues: results.length, results };
  },
  *render({ total, issues, results }) {
    if (issues === 0) return yield 'every bead says what those of its type should';
    yield table(results, [{ title: 'ID', cell: ({ id }) => id }, { title: 'TYPE', cell: ({ type }) => type }, { title: 'MISSING', cell: ({ missing }) => missing.join(', ') }, { title: 'TITLE', cell: ({ title }) => title, shrink: true }]);
    yield `${total} missing in ${countOf(issues, 'bead')}: gt update <bead> --body-file <path> writes the description`;
  },
  exit: ({ issues }) => (issues === 0 ? 0 : 1),
});
