import { dropQuery, keepQuery, listQueries, queryBeads, questionOf } from '../../../actions/bead-query.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { formatExpression, parseExpression } from '../../../domain/expression.ts';
import { sortFields } from '../../../domain/matching.ts';
import { beadTable } from '../../bead-table.ts';
import { BadOption } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead query',
  summary: 'Find beads by a question such as status = open AND priority <= 1',
  args: [{ name: 'question', describe: 'fields compared with values, joined by AND, OR, NOT and brackets; or @name for one that is kept', many: true }],
  options: {
    all: { type: 'boolean', alias: 'a', describe: 'closed ones and those that the town keeps books with, too' },
    rig: queryOptions.rig,
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 50 },
    sort: { type: 'string', describe: 'order by this', choices: sortFields, default: 'priority' },
    reverse: { type: 'boolean', alias: 'r', describe: 'the other way round' },
    save: { type: 'string', describe: 'keep the question under this name, for everybody', placeholder: '<name>' },
    forget: { type: 'string', describe: 'forget the question of this name', placeholder: '<name>' },
    saved: { type: 'boolean', describe: 'list the questions that are kept' },
    'parse-only': { type: 'boolean', describe: 'show how the question is understood' },
    ...pastOptions,
  },
  examples: [
    ["bead query 'priority <= 1 AND NOT assignee = none'", 'urgent, and somebody has it'],
    ["bead query '(type = bug OR label = area:*) AND updated < 2w'", 'nobody touched it for two weeks'],
    ["bead query --all 'closed > yesterday AND metadata.team = web'", 'closed since yesterday'],
    ["bead query --save mine 'assignee = ace'", 'kept; gt query @mine asks it'],
  ],
  async run({ question, all, rig, limit, sort, reverse, save, forget, saved, parseOnly, at }, context) {
    if (forget !== undefined) return { kind: 'forgotten', ...(await dropQuery(await asWriter(context), forget)) } as const;
    const town = await townThen(context, at);
    if (saved) return { kind: 'saved', queries: await listQueries(town) } as const;
    if (question.length === 0) throw new BadOption('a question is missing', "gt query 'status = open AND priority <= 1'");
    const text = await questionOf(town, question.join(' '));
    if (save !== undefined) return { kind: 'kept', ...(await keepQuery(await asWriter(context), save, text)) } as const;
    if (parseOnly) return { kind: 'understood', query: formatExpression(parseExpression(text)), expression: parseExpression(text) } as const;
    return { kind: 'found', ...(await queryBeads(town, ledgersAt(town, context.cwd, context.program, rig), text, { all, sort, reverse, limit: limit > 0 ? limit : Infinity })) } as const;
  },
  *render(result) {
    switch (result.kind) {
      case 'forgotten': return yield `forgot ${result.name}: ${result.query}`;
      case 'kept': return yield `kept ${result.name}: ${result.query}\nask it with: gt query @${result.name}`;
      case 'understood': return yield result.query;
      case 'saved':
        if (result.queries.length === 0) yield "no question is kept: gt query --save <name> '<question>'";
        return yield table(result.queries, [{ title: 'NAME', cell: ({ name }) => `@${name}` }, { title: 'QUESTION', cell: ({ query }) => query, shrink: true }]);
      case 'found':
        if (result.beads.length === 0) yield 'no bead is like that: --all looks at closed ones too';
        yield beadTable(result.beads);
        if (result.total > result.beads.length) yield `(more: ${result.total - result.beads.length} of ${result.total} are not shown; --limit 0 shows all)`;
    }
  },
  json(result) {
    if (result.kind === 'found') return result.beads;
    if (result.kind === 'saved') return result.queries;
    const { kind: status, ...record } = result;
    return { status, ...record };
  },
});
