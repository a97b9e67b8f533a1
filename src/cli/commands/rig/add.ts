import { addRig } from '../../../actions/rig.ts';
import { typedPrefix } from '../../../domain/rig.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';
import { aliasLines, gateLines, gateOptions, gitHookLines, usefulAliases } from '../../setup.ts';

export const command = defineCommand({
  name: 'rig add',
  summary: 'Clone a repository into the town, so that work on it can be slung',
  args: [
    { name: 'name', describe: 'what it is called in addresses', required: true },
    { name: 'url', describe: 'where it comes from: a URL, or a path on this machine', required: true },
  ],
  options: {
    prefix: { type: 'string', describe: 'what its ids begin with; otherwise from the name', placeholder: '<prefix>' },
    branch: { type: 'string', describe: 'the branch that work lands on; otherwise its main one', placeholder: '<branch>' },
    ...gateOptions,
  },
  examples: [['rig add shop https://example.com/shop.git --gate "make test"', 'ids such as shop-x1y2z']],
  async run({ name, url, prefix, branch, gate, noGate, yes }, context) {
    const { town, who } = await enter(context);
    const { cwd, progress, confirm } = context;
    return addRig(town, who, { name, source: url, cwd, prefix: prefix === undefined ? undefined : typedPrefix(prefix), branch, gate, noGate, yes, progress, confirm, aliases: usefulAliases() });
  },
  *render({ name, folder, prefix, target, remote, gate, aliases, githooks, notes }) {
    yield `rig ${name} stands in ${folder}`;
    yield `  beads     ${prefix}-… in refs/beads/main`;
    yield `  work      lands on ${target}${remote === undefined ? ', in the rig' : `, and is pushed to ${remote}`}`;
    yield* gateLines(gate, name);
    yield* aliasLines(aliases);
    yield* gitHookLines(githooks);
    for (const note of notes) yield `note: ${note}`;
    yield `next: gt crew add <your name> --rig ${name}, or gt sling <bead> ${name}`;
  },
});
