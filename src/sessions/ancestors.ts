import { readFileSync, readlinkSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { processStart, type ProcessIdentity } from './processes.ts';

const shell = /^(r?bash|(da|z|k|mk|pdk|a|t?c|fi)?sh|busybox|nu|pwsh|elvish|xonsh)$/;
const passedThrough: readonly string[] = ['git', 'gt', 'bd', 'env', 'timeout', 'nohup', 'nice', 'setsid', 'time', 'xargs', 'sudo'];

/** What is to be known of a process to tell whether it is a client. */
export interface Kin {
  /** Its command line. */
  readonly words: readonly string[];
  /** The folder that it stands in. */
  readonly cwd: string;
  /** It and the process below it are in one process group; a shell where a person types gives each command a group of its own. */
  readonly together: boolean;
}

/**
 * The client that a person started in `folder` and that, by whatever lies between, started this process. Undefined where a person typed the command into a shell, where the
 * program above stands elsewhere, and where the system does not tell.
 */
export function clientAround(folder: string): ProcessIdentity | undefined {
  let below = look(process.pid);
  while (below !== undefined && below.parent > 1) {
    const pid = below.parent;
    const seen = look(pid);
    if (seen === undefined) return undefined;
    const role = roleOf({ ...seen, together: seen.group === below.group }, folder);
    const started = processStart(pid);
    if (role === 'client' && started !== undefined) return { pid, started };
    if (role !== 'passes') return undefined;
    below = seen;
  }
  return undefined;
}

/** Says of a process above us whether it only passes a command on, is the client, or shows that there is none: a shell where a person types is no client. */
export function roleOf({ words: [program = '', ...args], cwd, together }: Kin, folder: string): 'passes' | 'client' | 'nobody' {
  const name = basename(program).replace(/^-/, '');
  if (passedThrough.includes(name)) return 'passes';
  if (shell.test(name)) return together || args.some((word) => /^-[a-z]*c[a-z]*$/.test(word)) ? 'passes' : 'nobody';
  return cwd === folder || cwd.startsWith(folder + sep) ? 'client' : 'nobody';
}

function look(pid: number): { readonly words: readonly string[]; readonly cwd: string; readonly parent: number; readonly group: number } | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
    return parent === undefined || group === undefined ? undefined : { words, cwd: readlinkSync(`/proc/${pid}/cwd`), parent, group };
  } catch {
    return undefined;
  }
}
