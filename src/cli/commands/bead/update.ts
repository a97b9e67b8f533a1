import { eachBead, updateBead, type Update } from '../../../actions/bead-change.ts';
import { BadOption, told, warned } from '../../beads.ts';
import { fieldOptions, readFields } from '../../bead-fields.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead update',
  summary: 'Change a bead',
  args: [{ name: 'bead', describe: 'ids, or how they begin', required: true, many: true }],
  options: {
    status: { type: 'string', alias: 's', describe: 'open, in_progress, blocked, deferred, pinned, closed, or one of your own (gt statuses)', placeholder: '<status>' },
    ...fieldOptions,
    'append-notes': { type: 'string', describe: 'a line to add to the notes', placeholder: '<text>' },
    'add-label': { type: 'array', whole: true, describe: 'labels to add', placeholder: '<a,b>' },
    'remove-label': { type: 'array', describe: 'labels to take away' },
    'set-labels': { type: 'string', describe: 'the labels from now on, between commas', placeholder: '<a,b>' },
    'set-metadata': { type: 'array', whole: true, describe: 'one key of the metadata; JSON where it is JSON', placeholder: '<key=value>' },
    'unset-metadata': { type: 'array', describe: 'keys of the metadata to take away' },
    parent: { type: 'string', describe: 'the bead that it is a part of; an empty text for none', placeholder: '<bead>' },
    claim: { type: 'boolean', describe: 'take it, if nobody has it' },
  },
  examples: [['bead update gt-x1y2z -p 0 --add-label urgent', 'two things at once'], ['bead update gt-x1y2z --assignee ""', 'nobody has it']],
  async run({ bead, status, setLabels, setMetadata, unsetMetadata, addLabel, removeLabel, appendNotes, parent, claim, ...typed }, context) {
    const { metadata, ...fields } = await readFields(typed, context);
    const pairs = [...setMetadata.map(pair), ...unsetMetadata.map((key): [string, unknown] => [key, null])];
    const keys = { ...(metadata as Record<string, unknown> | undefined), ...(pairs.length === 0 ? {} : Object.fromEntries(pairs)) };
    const update: Update = {
      fields: {
        ...fields,
        ...(status === undefined ? {} : { status }),
        ...(setLabels === undefined ? {} : { labels: labelsIn(setLabels) }),
        ...(Object.keys(keys).length > 0 ? { metadata: keys } : {}),
      },
      addLabels: addLabel.length === 0 ? [] : addLabel.join(',').split(',').map((label) => label.trim()), removeLabels: removeLabel, appendNotes, parent, claim,
    };
    if (JSON.stringify(update) === JSON.stringify({ fields: {}, addLabels: [], removeLabels: [], claim: false })) throw new BadOption('nothing is to be changed', `gt update ${bead[0]} --priority 1`);
    const writer = await asWriter(context);
    return warned(await eachBead(bead, (text) => updateBead(writer, text, update)), context);
  },
  *render(beads) {
    for (const bead of beads) yield told('updated', bead);
  },
});

function labelsIn(text: string): string[] | null {
  const labels = text.split(',').map((label) => label.trim()).filter((label) => label !== '');
  return labels.length > 0 ? labels : null;
}

function pair(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new BadOption(`${JSON.stringify(text)} sets no key`, "--set-metadata 'key=value'");
  return [text.slice(0, at), valueOf(text.slice(at + 1))];
}

/** JSON where it is JSON, else the text itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
