import { installTown } from '../../actions/install.ts';
import { defineCommand } from '../command.ts';
import { aliasLines, gitHookLines, usefulAliases } from '../setup.ts';

export const command = defineCommand({
  name: 'install',
  summary: 'Make a town: a folder, kept in git, for work on several repositories',
  args: [{ name: 'path', describe: 'the folder; it is made', required: true }],
  options: {
    name: { type: 'string', describe: 'what the town is called; otherwise as its folder', placeholder: '<name>' },
    owner: { type: 'string', describe: 'whom it belongs to; otherwise whom git knows', placeholder: '<person>' },
    git: { type: 'boolean', describe: 'accepted for habit: a town is always a git repository' },
    global: { type: 'boolean', describe: 'set the git aliases for all your repositories' },
  },
  examples: [['install ~/town', 'then: cd ~/town, gt rig add <name> <url>']],
  run: ({ path, name, owner, global }, { cwd, env, now }) => installTown({ path, cwd, env, name, owner, global, now, aliases: usefulAliases() }),
  *render({ made, root, owner, rigs, aliases, githooks, notes }) {
    yield made ? `${root} is a town now, and a git repository of its own` : `${root} is a town already; what was missing has been added`;
    yield `  owner     ${owner.name} <${owner.email}>`;
    yield '  beads     hq-… in refs/beads/main';
    if (rigs.length > 0) yield `  rigs      ${rigs.join(', ')}`;
    yield* aliasLines(aliases);
    yield* gitHookLines(githooks);
    for (const note of notes) yield `note: ${note}`;
    if (rigs.length === 0) yield `next: cd ${root}, gt rig add <name> <url or path>`;
  },
});
