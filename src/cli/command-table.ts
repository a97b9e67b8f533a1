import type { Command } from './command.ts';

/** Loads the module of one command. */
export type Load = () => Promise<{ readonly command: Command }>;

/** Commands that help shows together. */
interface Area {
  readonly title: string;
  /** By their full names; pairs, since an object of so many names costs every start of the program more than all its look-ups. */
  readonly commands: readonly (readonly [name: string, load: Load])[];
}

/** Every command, by its words, in the order that help lists them; none is loaded before it is needed. */
export const areas: readonly Area[] = [
  {
    title: 'Work',
    commands: [
      ['bead create', () => import('./commands/bead/create.ts')],
      ['bead q', () => import('./commands/bead/q.ts')],
      ['bead show', () => import('./commands/bead/show.ts')],
      ['bead list', () => import('./commands/bead/list.ts')],
      ['bead ready', () => import('./commands/bead/ready.ts')],
      ['bead blocked', () => import('./commands/bead/blocked.ts')],
      ['bead update', () => import('./commands/bead/update.ts')],
      ['bead claim', () => import('./commands/bead/claim.ts')],
      ['bead close', () => import('./commands/bead/close.ts')],
      ['bead reopen', () => import('./commands/bead/reopen.ts')],
      ['bead batch', () => import('./commands/bead/batch.ts')],
      ['bead delete', () => import('./commands/bead/delete.ts')],
      ['bead dep add', () => import('./commands/bead/dep/add.ts')],
      ['bead dep remove', () => import('./commands/bead/dep/remove.ts')],
      ['bead dep list', () => import('./commands/bead/dep/list.ts')],
      ['bead dep tree', () => import('./commands/bead/dep/tree.ts')],
      ['bead dep cycles', () => import('./commands/bead/dep/cycles.ts')],
      ['bead label add', () => import('./commands/bead/label/add.ts')],
      ['bead label remove', () => import('./commands/bead/label/remove.ts')],
      ['bead label list', () => import('./commands/bead/label/list.ts')],
      ['bead label list-all', () => import('./commands/bead/label/list-all.ts')],
      ['bead comment', () => import('./commands/bead/comment.ts')],
      ['bead comments', () => import('./commands/bead/comments.ts')],
      ['bead note', () => import('./commands/bead/note.ts')],
      ['bead search', () => import('./commands/bead/search.ts')],
      ['bead query', () => import('./commands/bead/query.ts')],
      ['bead count', () => import('./commands/bead/count.ts')],
      ['bead history', () => import('./commands/bead/history.ts')],
      ['bead diff', () => import('./commands/bead/diff.ts')],
      ['bead undo', () => import('./commands/bead/undo.ts')],
      ['bead stats', () => import('./commands/bead/stats.ts')],
      ['bead import', () => import('./commands/bead/import.ts')],
      ['bead export', () => import('./commands/bead/export.ts')],
    ],
  },
  {
    title: 'Looking over work',
    commands: [
      ['bead stale', () => import('./commands/bead/stale.ts')],
      ['bead children', () => import('./commands/bead/children.ts')],
      ['bead epic status', () => import('./commands/bead/epic/status.ts')],
      ['bead epic close-eligible', () => import('./commands/bead/epic/close-eligible.ts')],
      ['bead graph', () => import('./commands/bead/graph.ts')],
      ['bead orphans', () => import('./commands/bead/orphans.ts')],
      ['bead lint', () => import('./commands/bead/lint.ts')],
      ['bead duplicates', () => import('./commands/bead/duplicates.ts')],
      ['bead find-duplicates', () => import('./commands/bead/find-duplicates.ts')],
      ['bead duplicate', () => import('./commands/bead/duplicate.ts')],
      ['bead supersede', () => import('./commands/bead/supersede.ts')],
      ['bead defer', () => import('./commands/bead/defer.ts')],
      ['bead undefer', () => import('./commands/bead/undefer.ts')],
      ['bead assign', () => import('./commands/bead/assign.ts')],
      ['bead priority', () => import('./commands/bead/priority.ts')],
      ['bead tag', () => import('./commands/bead/tag.ts')],
      ['bead link', () => import('./commands/bead/link.ts')],
      ['bead rename', () => import('./commands/bead/rename.ts')],
      ['bead rename-prefix', () => import('./commands/bead/rename-prefix.ts')],
      ['bead compact', () => import('./commands/bead/compact.ts')],
      ['bead prune', () => import('./commands/bead/prune.ts')],
      ['bead purge', () => import('./commands/bead/purge.ts')],
      ['bead state', () => import('./commands/bead/state.ts')],
      ['bead set-state', () => import('./commands/bead/set-state.ts')],
      ['bead remember', () => import('./commands/bead/remember.ts')],
      ['bead recall', () => import('./commands/bead/recall.ts')],
      ['bead memories', () => import('./commands/bead/memories.ts')],
      ['bead forget', () => import('./commands/bead/forget.ts')],
      ['bead kv set', () => import('./commands/bead/kv/set.ts')],
      ['bead kv get', () => import('./commands/bead/kv/get.ts')],
      ['bead kv list', () => import('./commands/bead/kv/list.ts')],
      ['bead kv clear', () => import('./commands/bead/kv/clear.ts')],
      ['bead statuses', () => import('./commands/bead/statuses.ts')],
      ['bead types', () => import('./commands/bead/kinds.ts')],
      ['bead where', () => import('./commands/bead/where.ts')],
      ['bead info', () => import('./commands/bead/info.ts')],
    ],
  },
  {
    title: 'Handing out and finishing work',
    commands: [
      ['sling', () => import('./commands/sling.ts')],
      ['unsling', () => import('./commands/unsling.ts')],
      ['hook', () => import('./commands/hook.ts')],
      ['prime', () => import('./commands/prime.ts')],
      ['done', () => import('./commands/done.ts')],
      ['convoy list', () => import('./commands/convoy/list.ts')],
      ['convoy status', () => import('./commands/convoy/status.ts')],
      ['convoy create', () => import('./commands/convoy/create.ts')],
    ],
  },
  {
    title: 'Merge queue',
    commands: [
      ['mq submit', () => import('./commands/mq/submit.ts')],
      ['mq list', () => import('./commands/mq/list.ts')],
      ['mq show', () => import('./commands/mq/show.ts')],
      ['mq explain', () => import('./commands/mq/explain.ts')],
      ['mq run', () => import('./commands/mq/run.ts')],
      ['mq status', () => import('./commands/mq/status.ts')],
    ],
  },
  {
    title: 'Town, rigs and workers',
    commands: [
      ['init', () => import('./commands/init.ts')],
      ['install', () => import('./commands/install.ts')],
      ['rig add', () => import('./commands/rig/add.ts')],
      ['rig list', () => import('./commands/rig/list.ts')],
      ['rig remove', () => import('./commands/rig/remove.ts')],
      ['crew add', () => import('./commands/crew/add.ts')],
      ['crew list', () => import('./commands/crew/list.ts')],
      ['polecat list', () => import('./commands/polecat/list.ts')],
      ['polecat nuke', () => import('./commands/polecat/nuke.ts')],
    ],
  },
  {
    title: 'Watching',
    commands: [
      ['status', () => import('./commands/status.ts')],
      ['agents', () => import('./commands/agents.ts')],
      ['peek', () => import('./commands/peek.ts')],
      ['wait', () => import('./commands/wait.ts')],
      ['log', () => import('./commands/log.ts')],
      ['ledger log', () => import('./commands/ledger/log.ts')],
      ['ledger refresh', () => import('./commands/ledger/refresh.ts')],
      ['ledger stats', () => import('./commands/ledger/stats.ts')],
      ['ledger trim', () => import('./commands/ledger/trim.ts')],
      ['ledger verify', () => import('./commands/ledger/verify.ts')],
      ['doctor', () => import('./commands/doctor.ts')],
    ],
  },
  {
    title: 'Engine',
    commands: [
      ['up', () => import('./commands/up.ts')],
      ['down', () => import('./commands/down.ts')],
      ['tick', () => import('./commands/tick.ts')],
      ['scheduler status', () => import('./commands/scheduler/status.ts')],
      ['scheduler pause', () => import('./commands/scheduler/pause.ts')],
      ['scheduler resume', () => import('./commands/scheduler/resume.ts')],
      ['session run', () => import('./commands/session/run.ts')],
      ['session signal', () => import('./commands/session/signal.ts')],
    ],
  },
  {
    title: 'Settings and sharing',
    commands: [
      ['config get', () => import('./commands/config/get.ts')],
      ['config set', () => import('./commands/config/set.ts')],
      ['config unset', () => import('./commands/config/unset.ts')],
      ['config edit', () => import('./commands/config/edit.ts')],
      ['config list', () => import('./commands/config/list.ts')],
      ['config explain', () => import('./commands/config/explain.ts')],
      ['sync', () => import('./commands/sync.ts')],
      ['trust', () => import('./commands/trust.ts')],
      ['trust list', () => import('./commands/trust/list.ts')],
      ['trust remove', () => import('./commands/trust/remove.ts')],
      ['aliases', () => import('./commands/aliases.ts')],
      ['githooks install', () => import('./commands/githooks/install.ts')],
      ['githooks remove', () => import('./commands/githooks/remove.ts')],
      ['githooks status', () => import('./commands/githooks/status.ts')],
    ],
  },
  {
    title: 'About gastown',
    commands: [
      ['help', () => import('./commands/help.ts')],
      ['version', () => import('./commands/version.ts')],
      ['completion', () => import('./commands/completion.ts')],
    ],
  },
];

/** What the groups are about: the first words that several commands share. */
export const groups: Readonly<Record<string, string>> = {
  bead: 'Work that is written down: file it, find it, finish it',
  'bead dep': 'What a bead waits for',
  'bead epic': 'Wholes and their parts',
  'bead kv': 'Values of your own, kept in the ledger',
  'bead label': 'Labels of a bead',
  config: 'Settings of the town and its rigs',
  convoy: 'Beads that are followed together',
  crew: "People's own checkouts",
  githooks: "Git's own hooks, by which commits wake the town",
  ledger: 'The ledger itself: who wrote what, how large it is',
  mq: 'The merge queue: what waits to land, and how it went',
  polecat: 'Workers, each in a worktree of its own',
  rig: 'The repositories of the town',
  scheduler: 'How many workers run at once',
  trust: 'Whose commands run in this clone',
};

/** Other names of commands. */
export const aliases: Readonly<Record<string, string>> = {
  'bead new': 'bead create',
  'bead view': 'bead show',
  'bead done': 'bead close',
  'bead status': 'bead stats',
  'bead comments add': 'bead comment',
  'bead admin compact': 'bead compact',
};

/** What `bd` knows besides the bead commands. */
export const alsoInBd: readonly string[] = ['help', 'version', 'completion', 'config', 'init', 'doctor', 'sync', 'prime'];
