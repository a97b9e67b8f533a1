import { initRepository } from '../../actions/init.ts';
import { typedPrefix } from '../../domain/rig.ts';
import { defineCommand } from '../command.ts';
import { aliasLines, gateLines, gateOptions, gitHookLines, usefulAliases } from '../setup.ts';

export const command = defineCommand({
  name: 'init',
  summary: 'Make this repository a town: its beads in git, its workers in a folder beside it',
  options: {
    prefix: { type: 'string', alias: 'p', describe: 'what ids begin with; otherwise from the name', placeholder: '<prefix>' },
    name: { type: 'string', describe: 'what the repository is called in addresses; otherwise as its folder', placeholder: '<name>' },
    branch: { type: 'string', describe: 'the branch that work lands on; otherwise the one that is checked out', placeholder: '<branch>' },
    remote: { type: 'string', describe: 'push what lands to this remote; otherwise it stays here', placeholder: '<remote>' },
    ...gateOptions,
    global: { type: 'boolean', describe: 'set the git aliases for all your repositories' },
  },
  examples: [
    ['init', 'asks whether the tests of the project are the gate'],
    ['init --prefix app --gate "npm test"', 'ids such as app-x1y2z; nothing lands unless npm test succeeds'],
  ],
  async run({ prefix, name, branch, remote, gate, noGate, yes, global }, context) {
    const { cwd, env, now, progress, confirm, quiet } = context;
    const report = await initRepository({ cwd, env, now, progress, confirm, prefix: prefix === undefined ? undefined : typedPrefix(prefix), name, branch, remote, gate, noGate, yes, global, aliases: usefulAliases() });
    return { ...report, quiet };
  },
  *render({ made, repository, name, prefix, target, remote, workers, gate, aliases, githooks, notes, quiet }) {
    if (quiet) return;
    yield made ? `${repository} is a town now` : `${repository} is a town already; what was missing has been added`;
    yield `  beads     ${prefix}-… in refs/beads/main`;
    yield `  work      lands on ${target}${remote === undefined ? ', in this repository' : `, and is pushed to ${remote}`}`;
    yield `  workers   ${workers}/polecats/<name>, as ${name}/polecats/<name>`;
    yield* gateLines(gate);
    yield* aliasLines(aliases);
    yield* gitHookLines(githooks);
    for (const note of notes) yield `note: ${note}`;
    if (made) yield 'next: gt create "<what is to be done>", gt sling <bead>';
  },
  json: ({ quiet: _quiet, ...report }) => report,
});
