import type { Explanation } from '../../../actions/bead-explaining.ts';
import { readyInBrief, readyWork, type ReadyWork } from '../../../actions/bead-ready.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import type { Bead } from '../../../domain/bead.ts';
import type { Query } from '../../../domain/query.ts';
import type { Town } from '../../../town.ts';
import type { TypedQuery } from '../../bead-query.ts';
import { beadTable } from '../../bead-table.ts';
import { defineCommand, type Context } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';
import { anyTyped, workOptions } from '../../work-options.ts';

export const command = defineCommand({
  name: 'bead ready',
  summary: 'List what can be started now, most urgent first',
  options: {
    ...workOptions,
    unassigned: { type: 'boolean', alias: 'u', describe: 'that nobody has' },
    limit: { type: 'number', alias: 'n', describe: 'at most so many, 0 for all', default: 100 },
    sort: { type: 'string', alias: 's', describe: 'most urgent first, oldest first, or hybrid: what is younger than two days by urgency, then the oldest', choices: ['priority', 'hybrid', 'oldest'], default: 'priority' },
    claim: { type: 'boolean', describe: 'claim the first of them' },
    explain: { type: 'boolean', describe: 'say why each is ready, and what the others wait for' },
    ...pastOptions,
  },
  async run({ rig, limit, sort, claim, explain, unassigned, parent, at, ...typed }, context) {
    if (claim && at !== undefined) throw new (await import('../../beads.ts')).BadOption('what was ready in the past cannot be claimed', 'gt ready --claim');
    const town = await townThen(context, at);
    const ledgers = ledgersAt(town, context.cwd, context.program, rig);
    const query = unassigned || parent !== undefined || anyTyped(typed) ? await particular({ ...typed, noAssignee: typed.noAssignee || unassigned }, parent, town, context) : undefined;
    if (explain) return { explanation: await (await import('../../../actions/bead-explaining.ts')).explainReadiness(town, ledgers, query) };
    const most = limit > 0 ? limit : Infinity;
    if (!claim) {
      const whole = async (): Promise<ReadyWork> => {
        const found = await readyWork(town, ledgers, most, query, sort, true);
        if (found.unkept === true) (await import('../../../actions/ledger-refresh.ts')).refreshAside(town, context.env);
        return found;
      };
      const brief = query === undefined && sort === 'priority' ? await readyInBrief(ledgers, most) : undefined;
      if (brief !== undefined) return { ...brief, whole: async () => (await whole()).beads };
      const found = await whole();
      return { ...found, whole: async () => found.beads };
    }
    const { asWriter } = await import('../../writer.ts');
    const { claimReady } = await import('../../../actions/bead-claim.ts');
    const { total, claimed, unopened } = await claimReady(await asWriter(context), (asked) => readyWork(town, ledgers, asked, query, sort), most);
    const beads = claimed === undefined ? [] : [claimed];
    return { total, beads, unopened, whole: async () => beads };
  },
  render(result, { claim }) {
    if (result.explanation !== undefined) return explained(result.explanation);
    const { total, beads } = result;
    if (total === 0) return ['nothing is ready: gt blocked shows what waits for what, gt create "…" writes new work down'];
    if (claim) return beads.length === 0 ? [unclaimed(result.unopened)] : beads.map(({ id, title }) => `claimed ${id}: ${title}`);
    const more = total > beads.length ? [`(more: ${total - beads.length} of ${total} are not shown; --limit 0 shows all)`] : [];
    return [beadTable(beads), ...more];
  },
  json: (result) => result.explanation ?? result.whole(),
});

/** What is asked of the beads; undefined where that is nothing after all. */
async function particular(typed: Partial<TypedQuery>, parent: string | undefined, town: Town, context: Context): Promise<Query | undefined> {
  const [{ readQuery }, { resolveId }, { isParticular }] = await Promise.all([import('../../bead-query.ts'), import('../../../actions/resolve.ts'), import('../../../domain/query.ts')]);
  const asked = await readQuery(typed, parent === undefined ? undefined : await resolveId(town, parent, context.cwd), context);
  return isParticular(asked) ? asked : undefined;
}

function unclaimed(unopened: Bead | undefined): string {
  if (unopened === undefined) return 'nothing was claimed: others have what is ready (gt ready shows it)';
  return `nothing was claimed: ${unopened.id} is ${unopened.status}, and only what is open is claimed (gt update ${unopened.id} --status open, then gt claim ${unopened.id})`;
}

function* explained({ ready, blocked, cycles, summary }: Explanation): Iterable<string> {
  for (const { id, priority, title, reason } of ready) yield `${id}  P${priority}  ${title}\n  ready: ${reason}`;
  for (const { id, priority, title, blocked_by: waiting } of blocked) yield `${id}  P${priority}  ${title}\n  blocked by ${waiting.map((each) => `${each.id} (${each.status})`).join(', ')}`;
  for (const ids of cycles) yield `${ids.join(' → ')} wait for one another: gt dep remove opens the circle`;
  yield `${summary.total_ready} ready, ${summary.total_blocked} blocked, ${summary.cycle_count} circles`;
}
