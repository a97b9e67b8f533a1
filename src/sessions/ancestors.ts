import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { processStart, type ProcessIdentity } from './processes.ts';

const shells: readonly string[] = ['sh', 'bash', 'dash', 'zsh', 'fish', 'ksh'];
const passedThrough: readonly string[] = ['git', 'gt', 'bd', 'env', 'timeout'];

/**
 * The program that a person started, above this process: the nearest ancestor that neither only passes a command on (git, a shell with `-c`) nor is gastown itself.
 * Undefined where the system does not tell.
 */
export function clientAround(): ProcessIdentity | undefined {
  for (let pid = process.ppid; pid > 1; ) {
    const seen = look(pid);
    if (seen === undefined) return undefined;
    const passing = (shells.includes(seen.name) && seen.words.includes('-c')) || passedThrough.includes(seen.name);
    const started = processStart(pid);
    if (!passing) return started === undefined ? undefined : { pid, started };
    pid = seen.parent;
  }
  return undefined;
}

function look(pid: number): { readonly name: string; readonly words: readonly string[]; readonly parent: number } | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return { name: basename(words[0] ?? ''), words, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
  } catch {
    return undefined;
  }
}
