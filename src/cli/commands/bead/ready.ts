import { readyWork } from '../../../actions/bead-ready.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { openTown } from '../../../town.ts';
import { beadTable } from '../../beads.ts';
import { isParticular, queryOptions, readQuery } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';

const { type, priority, assignee, 'no-assignee': noAssignee, label, 'label-any': labelAny, rig } = queryOptions;

export const command = defineCommand({
  name: 'bead ready',
  summary: 'List what can be started now, most urgent first',
  options: {
    type, priority, assignee, 'no-assignee': noAssignee, label, 'label-any': labelAny, rig,
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 100 },
    claim: { type: 'boolean', describe: 'claim the first of them' },
  },
  async run({ rig, limit, claim, ...typed }, context) {
    const town = openTown(context.cwd, context.now);
    const nothing = { status: [], id: [], parent: undefined, titleContains: undefined, createdAfter: undefined, createdBefore: undefined, updatedAfter: undefined, updatedBefore: undefined, closedAfter: undefined, closedBefore: undefined, all: false };
    const query = readQuery({ ...nothing, ...typed }, undefined, context);
    const found = await readyWork(town, ledgersAt(town, context.cwd, context.program, rig), limit > 0 ? limit : Infinity, isParticular(query) ? query : undefined);
    if (!claim) return { ...found, claimed: undefined };
    const { asWriter } = await import('../../writer.ts');
    const { claimFirst } = await import('../../../actions/bead-change.ts');
    return { ...found, claimed: await claimFirst(await asWriter(context), found.beads.map(({ id }) => id)) };
  },
  *render({ total, beads, claimed }) {
    if (beads.length === 0) yield 'nothing is ready: gt blocked shows what waits for what, gt create "…" writes new work down';
    if (claimed !== undefined) yield `claimed ${claimed.id}: ${claimed.title}`;
    else yield beadTable(beads);
    if (claimed === undefined && total > beads.length) yield `(more: ${total - beads.length} of ${total} are not shown; --limit 0 shows all)`;
  },
  json: ({ beads, claimed }) => (claimed === undefined ? beads : [claimed]),
});
