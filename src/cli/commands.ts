import { Usage } from '../base/errors.ts';
import { nearest, truncate } from '../base/text.ts';
import { globalOptions, type Command } from './command.ts';

/** Loads the module of one command. */
type Load = () => Promise<{ readonly command: Command }>;

/** Commands that help shows together. */
interface Area {
  readonly title: string;
  readonly commands: Readonly<Record<string, Load>>;
}

/** Every command, by its words, in the order that help lists them; none is loaded before it is needed. */
export const areas: readonly Area[] = [
  {
    title: 'Work',
    commands: {
      'bead create': () => import('./commands/bead/create.ts'),
      'bead q': () => import('./commands/bead/q.ts'),
      'bead show': () => import('./commands/bead/show.ts'),
      'bead list': () => import('./commands/bead/list.ts'),
      'bead ready': () => import('./commands/bead/ready.ts'),
      'bead blocked': () => import('./commands/bead/blocked.ts'),
      'bead update': () => import('./commands/bead/update.ts'),
      'bead claim': () => import('./commands/bead/claim.ts'),
      'bead close': () => import('./commands/bead/close.ts'),
      'bead reopen': () => import('./commands/bead/reopen.ts'),
      'bead batch': () => import('./commands/bead/batch.ts'),
      'bead delete': () => import('./commands/bead/delete.ts'),
      'bead dep add': () => import('./commands/bead/dep/add.ts'),
      'bead dep remove': () => import('./commands/bead/dep/remove.ts'),
      'bead dep list': () => import('./commands/bead/dep/list.ts'),
      'bead dep tree': () => import('./commands/bead/dep/tree.ts'),
      'bead dep cycles': () => import('./commands/bead/dep/cycles.ts'),
      'bead label add': () => import('./commands/bead/label/add.ts'),
      'bead label remove': () => import('./commands/bead/label/remove.ts'),
      'bead label list': () => import('./commands/bead/label/list.ts'),
      'bead label list-all': () => import('./commands/bead/label/list-all.ts'),
      'bead comment': () => import('./commands/bead/comment.ts'),
      'bead comments': () => import('./commands/bead/comments.ts'),
      'bead note': () => import('./commands/bead/note.ts'),
      'bead search': () => import('./commands/bead/search.ts'),
      'bead query': () => import('./commands/bead/query.ts'),
      'bead count': () => import('./commands/bead/count.ts'),
      'bead history': () => import('./commands/bead/history.ts'),
      'bead undo': () => import('./commands/bead/undo.ts'),
      'bead stats': () => import('./commands/bead/stats.ts'),
      'bead import': () => import('./commands/bead/import.ts'),
      'bead export': () => import('./commands/bead/export.ts'),
    },
  },
  {
    title: 'Looking over work',
    commands: {
      'bead stale': () => import('./commands/bead/stale.ts'),
      'bead children': () => import('./commands/bead/children.ts'),
      'bead epic status': () => import('./commands/bead/epic/status.ts'),
      'bead epic close-eligible': () => import('./commands/bead/epic/close-eligible.ts'),
      'bead graph': () => import('./commands/bead/graph.ts'),
      'bead orphans': () => import('./commands/bead/orphans.ts'),
      'bead lint': () => import('./commands/bead/lint.ts'),
      'bead duplicates': () => import('./commands/bead/duplicates.ts'),
      'bead duplicate': () => import('./commands/bead/duplicate.ts'),
      'bead supersede': () => import('./commands/bead/supersede.ts'),
      'bead defer': () => import('./commands/bead/defer.ts'),
      'bead undefer': () => import('./commands/bead/undefer.ts'),
      'bead assign': () => import('./commands/bead/assign.ts'),
      'bead priority': () => import('./commands/bead/priority.ts'),
      'bead tag': () => import('./commands/bead/tag.ts'),
      'bead link': () => import('./commands/bead/link.ts'),
      'bead remember': () => import('./commands/bead/remember.ts'),
      'bead recall': () => import('./commands/bead/recall.ts'),
      'bead memories': () => import('./commands/bead/memories.ts'),
      'bead forget': () => import('./commands/bead/forget.ts'),
      'bead kv set': () => import('./commands/bead/kv/set.ts'),
      'bead kv get': () => import('./commands/bead/kv/get.ts'),
      'bead kv list': () => import('./commands/bead/kv/list.ts'),
      'bead kv clear': () => import('./commands/bead/kv/clear.ts'),
      'bead statuses': () => import('./commands/bead/statuses.ts'),
      'bead types': () => import('./commands/bead/kinds.ts'),
      'bead where': () => import('./commands/bead/where.ts'),
      'bead info': () => import('./commands/bead/info.ts'),
    },
  },
  {
    title: 'Handing out and finishing work',
    commands: {
      sling: () => import('./commands/sling.ts'),
      unsling: () => import('./commands/unsling.ts'),
      hook: () => import('./commands/hook.ts'),
      prime: () => import('./commands/prime.ts'),
      done: () => import('./commands/done.ts'),
      'convoy list': () => import('./commands/convoy/list.ts'),
      'convoy status': () => import('./commands/convoy/status.ts'),
      'convoy create': () => import('./commands/convoy/create.ts'),
    },
  },
  {
    title: 'Merge queue',
    commands: {
      'mq submit': () => import('./commands/mq/submit.ts'),
      'mq list': () => import('./commands/mq/list.ts'),
      'mq show': () => import('./commands/mq/show.ts'),
      'mq explain': () => import('./commands/mq/explain.ts'),
      'mq run': () => import('./commands/mq/run.ts'),
      'mq status': () => import('./commands/mq/status.ts'),
    },
  },
  {
    title: 'Town, rigs and workers',
    commands: {
      init: () => import('./commands/init.ts'),
      install: () => import('./commands/install.ts'),
      'rig add': () => import('./commands/rig/add.ts'),
      'rig list': () => import('./commands/rig/list.ts'),
      'rig remove': () => import('./commands/rig/remove.ts'),
      'crew add': () => import('./commands/crew/add.ts'),
      'crew list': () => import('./commands/crew/list.ts'),
      'polecat list': () => import('./commands/polecat/list.ts'),
      'polecat nuke': () => import('./commands/polecat/nuke.ts'),
    },
  },
  {
    title: 'Watching',
    commands: {
      status: () => import('./commands/status.ts'),
      agents: () => import('./commands/agents.ts'),
      peek: () => import('./commands/peek.ts'),
      wait: () => import('./commands/wait.ts'),
      log: () => import('./commands/log.ts'),
      'ledger log': () => import('./commands/ledger/log.ts'),
      'ledger stats': () => import('./commands/ledger/stats.ts'),
      'ledger trim': () => import('./commands/ledger/trim.ts'),
      'ledger verify': () => import('./commands/ledger/verify.ts'),
      doctor: () => import('./commands/doctor.ts'),
    },
  },
  {
    title: 'Engine',
    commands: {
      up: () => import('./commands/up.ts'),
      down: () => import('./commands/down.ts'),
      tick: () => import('./commands/tick.ts'),
      'scheduler status': () => import('./commands/scheduler/status.ts'),
      'scheduler pause': () => import('./commands/scheduler/pause.ts'),
      'scheduler resume': () => import('./commands/scheduler/resume.ts'),
      'session run': () => import('./commands/session/run.ts'),
      'session signal': () => import('./commands/session/signal.ts'),
    },
  },
  {
    title: 'Settings and sharing',
    commands: {
      'config get': () => import('./commands/config/get.ts'),
      'config set': () => import('./commands/config/set.ts'),
      'config unset': () => import('./commands/config/unset.ts'),
      'config list': () => import('./commands/config/list.ts'),
      'config explain': () => import('./commands/config/explain.ts'),
      sync: () => import('./commands/sync.ts'),
      trust: () => import('./commands/trust.ts'),
      'trust list': () => import('./commands/trust/list.ts'),
      'trust remove': () => import('./commands/trust/remove.ts'),
      aliases: () => import('./commands/aliases.ts'),
      'githooks install': () => import('./commands/githooks/install.ts'),
      'githooks remove': () => import('./commands/githooks/remove.ts'),
      'githooks status': () => import('./commands/githooks/status.ts'),
    },
  },
  {
    title: 'About gastown',
    commands: {
      help: () => import('./commands/help.ts'),
      version: () => import('./commands/version.ts'),
      completion: () => import('./commands/completion.ts'),
    },
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
};

/** What `bd` knows besides the bead commands. */
export const alsoInBd: readonly string[] = ['help', 'version', 'completion', 'config', 'init', 'doctor'];

const table = new Map<string, Load>(areas.flatMap(({ commands }) => Object.entries(commands)));

/** Lists the full names of all commands. */
export function commandNames(): string[] {
  return [...table.keys()];
}

/** Loads a command by its full name. */
export async function loadCommand(name: string): Promise<Command> {
  const load = table.get(name);
  if (load === undefined) throw new Error(`no command is called ${name}`);
  return (await load()).command;
}

/** Shortens a full name to what a person may type: bead commands go without their noun, unless another command has that name. */
export function typedName(program: 'gt' | 'bd', name: string): string {
  const short = name.startsWith('bead ') ? name.slice('bead '.length) : name;
  return short !== name && !(program === 'gt' && isTaken(short)) ? short : name;
}

const firstWord = (words: string): string => (words.includes(' ') ? words.slice(0, words.indexOf(' ')) : words);

/** Whether a command begins with these words and goes on. */
function isGroup(words: string): boolean {
  for (const name of table.keys()) if (name.startsWith(`${words} `)) return true;
  for (const name in aliases) if (name.startsWith(`${words} `)) return true;
  return false;
}

/** Whether the first word belongs to a command that is not about beads. */
function isTaken(short: string): boolean {
  const word = firstWord(short);
  return table.has(word) || isGroup(word);
}

/** The full name of what was typed. */
function fullName(program: 'gt' | 'bd', typed: string): string | undefined {
  const nameOf = (words: string): string | undefined => (table.has(words) ? words : Object.hasOwn(aliases, words) ? aliases[words] : undefined);
  const whole = program === 'gt' || alsoInBd.includes(firstWord(typed)) ? nameOf(typed) : undefined;
  const short = program === 'bd' || whole === undefined ? nameOf(`bead ${typed}`) : undefined;
  return short !== undefined && (program === 'bd' || !isTaken(typed)) ? short : whole;
}

/** Whether more words make a command of what was typed. */
function mayGoOn(program: 'gt' | 'bd', typed: string): boolean {
  if ((program === 'gt' || alsoInBd.includes(firstWord(typed))) && isGroup(typed)) return true;
  return (program === 'bd' || !isTaken(typed)) && isGroup(`bead ${typed}`);
}

/** Everything that may be typed to a program, with the full name that it stands for. */
export function typeable(program: 'gt' | 'bd'): Map<string, string> {
  const known = [...table.keys(), ...Object.keys(aliases)];
  const short = known.filter((words) => words.startsWith('bead ')).map((words) => words.slice('bead '.length));
  return new Map([...known, ...short].flatMap((typed): [string, string][] => {
    const name = fullName(program, typed);
    return name === undefined ? [] : [[typed, name]];
  }));
}

/** The first words are no command. */
export class UnknownCommand extends Usage {
  readonly code = 'command.unknown';
  constructor(program: 'gt' | 'bd', typed: string, known: Iterable<string>) {
    const near = nearest(typed, known);
    super(`there is no command ${JSON.stringify(truncate(typed, 80))}`, { command: typed }, `${program} ${near ?? '--help'}`);
  }
}

/** A group was named without saying which of its commands is meant. */
export class IncompleteCommand extends Usage {
  readonly code = 'command.incomplete';
  constructor(program: 'gt' | 'bd', typed: string, verbs: readonly string[]) {
    super(`${typed} needs one more word: ${verbs.join(', ')}`, { command: typed, verbs }, `${program} ${typed} --help`);
  }
}

/** What the first words mean: a command, or a group of them (the one with no name is the program itself). */
export interface Resolved {
  readonly kind: 'command' | 'group';
  /** The full name. */
  readonly name: string;
  /** The name as it was typed, with the program: `bd list`. */
  readonly typed: string;
  /** Flags that stood before the end of the name. */
  readonly leading: readonly string[];
  readonly words: readonly string[];
}

/** Counts how many words a leading flag takes; only the options that every command has may stand before its name. */
function leadingFlag(word: string): number {
  const valued = Object.entries(globalOptions).filter(([, { type }]) => type !== 'boolean');
  const waits = valued.some(([name, option]) => word === `--${name}` || ('alias' in option && /^-[^-]/.test(word) && word.endsWith(option.alias)));
  return waits ? 2 : 1;
}

/** Finds the command in what was typed; the longest name wins. */
export function resolveCommand(program: 'gt' | 'bd', argv: readonly string[]): Resolved {
  const leading: string[] = [];
  let name = '';
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      if (fullName(program, name) !== undefined) break;
      const taken = leadingFlag(word);
      leading.push(...argv.slice(at, at + taken));
      at += taken - 1;
      continue;
    }
    const longer = name === '' ? word : `${name} ${word}`;
    if (fullName(program, longer) === undefined && !mayGoOn(program, longer)) break;
    name = longer;
  }
  const words = argv.slice(at);
  const typed = name === '' ? program : `${program} ${name}`;
  const full = fullName(program, name);
  if (full !== undefined) return { kind: 'command', name: full, typed, leading, words };
  const [next] = words;
  if (next !== undefined && next !== '--') throw new UnknownCommand(program, name === '' ? next : `${name} ${next}`, typeable(program).keys());
  return { kind: 'group', name, typed, leading, words };
}

/** Lists the commands that start with a group's words, as they are typed, with their full names; aliases are left out. */
export function commandsIn(program: 'gt' | 'bd', group: string): [typed: string, name: string][] {
  return [...typeable(program)].filter(([typed, name]) => typed.startsWith(`${group} `) && name.endsWith(typed));
}

/** Tells what a group is about, by the words that are typed for it. */
export function aboutGroup(program: 'gt' | 'bd', group: string): string | undefined {
  const [first] = commandsIn(program, group);
  const full = first?.[1].slice(0, first[1].length - (first[0].length - group.length));
  return full !== undefined && Object.hasOwn(groups, full) ? groups[full] : undefined;
}
