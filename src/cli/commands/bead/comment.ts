import { commentOn } from '../../../actions/bead-change.ts';
import { BadOption, told } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { readText } from '../../files.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead comment',
  summary: 'Say something about a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }, { name: 'text', describe: 'what is said; several words are one text', many: true }],
  options: { file: { type: 'string', alias: 'f', describe: 'a file that holds the text, - for standard input', placeholder: '<path>' } },
  async run({ bead, text, file }, context) {
    const says = file === undefined ? text.join(' ') : await readText(file, context);
    if (says.trim() === '') throw new BadOption('a comment says something', `gt comment ${bead} "the hinge was replaced"`);
    const id = Buffer.from(context.random(8)).toString('hex');
    const after = await commentOn(await asWriter(context), bead, id, says);
    return { bead: after, comment: after.comments?.find((comment) => comment.id === id) };
  },
  *render({ bead }) {
    yield told('commented on', bead);
  },
  json: ({ comment }) => comment,
});
