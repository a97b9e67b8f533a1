import { showBeads } from '../../../actions/bead-show.ts';
import { defineCommand } from '../../command.ts';
import { pastOptions, townThen } from '../../past.ts';

export const command = defineCommand({
  name: 'bead comments',
  summary: 'Show what was said about a bead',
  args: [{ name: 'bead', describe: 'its id, or how it begins', required: true }],
  options: pastOptions,
  async run({ bead, at }, context) {
    const [found] = await showBeads(await townThen(context, at), context.cwd, [bead]);
    return found?.bead.comments ?? [];
  },
  *render(comments, { bead }) {
    if (comments.length === 0) yield `nobody has said anything about it: gt comment ${bead} "…"`;
    for (const { author, created_at: at, text } of comments) yield `${at}  ${author}\n${text.trimEnd().split('\n').map((line) => `  ${line}`).join('\n')}`;
  },
});
