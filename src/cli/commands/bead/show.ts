import { showBeads } from '../../../actions/bead-show.ts';
import { detailRecord, type Details, type Neighbour } from '../../../domain/detail.ts';
import { shownStatus } from '../../../domain/submission.ts';
import { defineCommand } from '../../command.ts';
import type { Part } from '../../output.ts';
import { pastOptions, townThen } from '../../past.ts';
import { table } from '../../table.ts';

export const command = defineCommand({
  name: 'bead show',
  summary: 'Show everything about a bead',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  options: pastOptions,
  examples: [['bead show gt-x1y2z', 'one bead'], ['bead show gt-x1', 'the only one whose id begins so'], ['bead show gt-x1y2z --at yesterday', 'as it was']],
  run: async ({ bead, at }, context) => showBeads(await townThen(context, at), context.cwd, bead, (text, { message }) => context.warn(`gt: ${text}: ${message}`)),
  render(beads) {
    const parts: Part[] = [];
    for (const bead of beads) parts.push(...(parts.length > 0 ? [''] : []), ...sheet(bead));
    return parts;
  },
  json: (beads) => beads.map(detailRecord),
});

function sheet({ bead, dependencies, dependents }: Details): Part[] {
  const facts: [string, unknown][] = [
    ['status', shownStatus(bead)], ['priority', `P${bead.priority}`], ['type', bead.issue_type], ['assignee', bead.assignee], ['labels', bead.labels?.join(', ')],
    ['parent', bead.parent], ['estimate', bead['estimated_minutes'] === undefined ? undefined : `${bead['estimated_minutes'] as number} min`], ['due', bead['due_at']],
    ['deferred until', bead.defer_until], ['external', bead['external_ref']], ['spec', bead['spec_id']], ['created', by(bead.created_at, bead.created_by)],
    ['updated', bead.updated_at], ['started', bead.started_at], ['closed', by(bead.closed_at, undefined)], ['reason', bead.close_reason],
    ['compacted', bead['compacted_at_commit'] === undefined ? bead['compacted_at'] : `${String(bead['compacted_at'])}; --at ${String(bead['compacted_at_commit']).slice(0, 12)} shows all of it`],
    ['metadata', bead.metadata === undefined ? undefined : JSON.stringify(bead.metadata)],
  ];
  const known = facts.filter(([, value]) => value !== undefined && value !== '');
  const parts: Part[] = [
    { heading: `${bead.id}  ${bead.title.replace(/\s+/g, ' ')}` },
    table(known, [{ title: '', cell: ([name]) => `  ${name}` }, { title: '', cell: ([, value]) => String(value) }], { titles: false }),
  ];
  for (const [title, key] of [['description', 'description'], ['design', 'design'], ['acceptance', 'acceptance_criteria'], ['notes', 'notes']] as const) {
    const text = bead[key];
    if (typeof text === 'string' && text !== '') parts.push('', { heading: title }, indented(text));
  }
  parts.push(
    ...neighbours('depends on', dependencies.filter(({ dependency_type: type }) => type !== 'parent-child')),
    ...neighbours('children', dependents.filter(({ dependency_type: type }) => type === 'parent-child')),
    ...neighbours('needed by', dependents.filter(({ dependency_type: type }) => type !== 'parent-child')),
  );
  if ((bead.attempts ?? []).length > 0) parts.push('', { heading: 'attempts' });
  for (const { at, agent, outcome, evidence } of bead.attempts ?? []) parts.push(`  ${at}  ${agent}: ${outcome}`, indented(evidence, '    '));
  if ((bead.comments ?? []).length > 0) parts.push('', { heading: 'comments' });
  for (const { created_at: at, author, text } of bead.comments ?? []) parts.push(`  ${at}  ${author}`, indented(text, '    '));
  return parts;
}

function by(at: string | undefined, who: string | undefined): string | undefined {
  return at === undefined || who === undefined ? at : `${at} by ${who}`;
}

function indented(text: string, before = '  '): string {
  return text.trimEnd().split('\n').map((line) => `${before}${line}`).join('\n');
}

function neighbours(title: string, beads: readonly Neighbour[]): Part[] {
  if (beads.length === 0) return [];
  return ['', { heading: title }, table(beads, [
    { title: '', cell: ({ id }) => `  ${id}` },
    { title: '', cell: (bead) => shownStatus(bead) },
    { title: '', cell: ({ dependency_type: type }) => (type === 'blocks' || type === 'parent-child' ? '' : type) },
    { title: '', cell: ({ title: says }) => says },
  ], { titles: false })];
}
