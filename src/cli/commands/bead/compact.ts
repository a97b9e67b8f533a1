import { compactAll, compactBead, findCompactable, type Compacted } from '../../../actions/bead-compact.ts';
import { eachBead } from '../../../actions/bead-change.ts';
import { ledgersAt } from '../../../actions/scope.ts';
import { countOf } from '../../../base/text.ts';
import { textSize, type Candidate } from '../../../domain/compaction.ts';
import { BadOption, warned } from '../../beads.ts';
import { queryOptions } from '../../bead-query.ts';
import { defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { table } from '../../table.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead compact',
  summary: 'Shorten what long-closed beads say; without beads, list those it is due for',
  args: [{ name: 'bead', describe: 'ids, or how they begin', many: true }],
  options: {
    summary: { type: 'string', describe: 'the summary', placeholder: '<text>' },
    file: { type: 'string', alias: 'f', describe: 'a file that holds the summary, - for standard input', placeholder: '<path>' },
    trim: { type: 'boolean', describe: 'cut each long text to how it begins, instead of a summary' },
    all: { type: 'boolean', describe: 'trim every bead that it is due for' },
    force: { type: 'boolean', describe: 'before it is due' },
    rig: queryOptions.rig,
    'dry-run': { type: 'boolean', describe: 'decide and show, and write nothing' },
  },
  examples: [
    ['bead compact', 'what has been closed for 30 days and more, with its texts in --json for whoever writes the summaries'],
    ['bead compact gt-x1y2z --summary "Brake lines replaced; cause: road salt"', 'gt show gt-x1y2z --at <commit> shows all of it, and gt undo brings it back'],
    ['bead compact --all --trim', 'keep how each text begins'],
  ],
  async run({ bead, summary, file, trim, all, force, rig, dryRun }, context) {
    const given = [summary, file, trim || undefined].filter((each) => each !== undefined);
    const writer = await asWriter(context);
    const ledgers = ledgersAt(writer.town, context.cwd, context.program, rig);
    if (bead.length === 0 && !all && given.length === 0) return { due: await findCompactable(ledgers, context.now()) };
    if (given.length !== 1 || all === bead.length > 0 || ((all || bead.length > 1) && !trim)) throw new BadOption('one bead takes --summary, --file or --trim; several, or --all, take --trim', 'gt compact <bead> --summary "<text>"');
    if (all && force) throw new BadOption('--force is for beads that are named: --all trims those that it is due for', 'gt compact <bead> --trim --force');
    if (all) return { trimmed: await compactAll(writer, ledgers, dryRun), dryRun };
    const text = file === undefined ? summary : await readText(file, context);
    return { compacted: warned(await eachBead(bead, (each) => compactBead(writer, each, text, { force, dryRun })), context), dryRun };
  },
  *render({ due, trimmed, compacted, dryRun }) {
    for (const each of compacted ?? []) yield toldOf(each, dryRun === true);
    const listed = due ?? trimmed;
    if (listed === undefined) return;
    if (trimmed?.length === 0) yield 'nothing is worth cutting';
    else if (trimmed !== undefined) yield `${dryRun ? 'would trim' : 'trimmed'} ${countOf(trimmed.length, 'bead')}`;
    else if (listed.length === 0) yield 'no bead has been closed for so long, and says so much, that a summary is due';
    if (listed.length > 0) yield table(listed, [{ title: 'ID', cell: ({ bead }) => bead.id }, { title: 'LEVEL', cell: ({ level }) => level }, { title: 'BYTES', cell: ({ size }) => size }, { title: 'CLOSED', cell: ({ days }) => `${days} days ago` }, { title: 'TITLE', cell: ({ bead }) => bead.title, shrink: true }]);
  },
  json: ({ due, trimmed, compacted, dryRun }) => {
    if (compacted !== undefined) return compacted.map(({ after }) => after);
    const listed = (due ?? trimmed ?? []).map(recordOf);
    return trimmed === undefined ? listed : { compacted: listed, dry_run: dryRun };
  },
});

function toldOf({ before, after }: Compacted, dryRun: boolean): string {
  const [had, has] = [textSize(before), textSize(after)];
  if (had === has) return `${after.id} says nothing that is worth cutting`;
  return dryRun ? `would compact ${after.id}: ${had} bytes would become ${has}` : `compacted ${after.id}: ${had} bytes became ${has}`;
}

function recordOf({ bead, level, days, size }: Candidate): Record<string, unknown> {
  const { id, title, description, design, acceptance_criteria, notes, closed_at } = bead;
  return { id, title, level, size_bytes: size, age_days: days, closed_at, description, design, acceptance_criteria, notes };
}
