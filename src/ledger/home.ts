import { readFileSync, realpathSync, statSync } from 'node:fs';
import { hashText } from '../base/ids.ts';

/** What a system says of the machine, and of what is mounted where. Texts are empty where it does not say. */
export interface Surroundings {
  /** The machine's name that stays. */
  readonly machine: string;
  readonly host: string;
  /** As in Linux's `/proc/self/mountinfo`. */
  readonly mounts: string;
}

/**
 * The place that a folder is in: another one for every copy of it, the same when it is moved within its file system. The file system's number for the folder tells copies on one machine
 * apart; machines differ by their names. Containers of one image may have neither: they differ by the layer that they write to, and by their host names. A volume is one place, whoever mounts it.
 */
export function homeOf(folder: string, { machine, host, mounts } = here()): string {
  const { point, layer } = mountOf(realpathSync(folder), mounts);
  const name = machine === '' && point === '/' ? host : machine;
  return [name, ...(layer === undefined ? [] : [hashText(layer, 8)]), statSync(folder).ino].join(' ');
}

interface Mount {
  readonly point: string;
  /** The folder that takes what is written, where that lies over an image. */
  readonly layer: string | undefined;
}

function mountOf(path: string, mounts: string): Mount {
  let found: Mount = { point: '', layer: undefined };
  for (const line of mounts.split('\n')) {
    const [, , , , escaped = ''] = line.split(' ', 5);
    const point = escaped.includes('\\') ? escaped.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8))) : escaped;
    // Of two mounts at one point, the later one is seen.
    if (point.length < found.point.length || !(path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`))) continue;
    found = { point, layer: /[ ,]upperdir=([^, ]+)/.exec(line)?.[1] };
  }
  return found;
}

let known: Surroundings | undefined;

function here(): Surroundings {
  known ??= { machine: textOf('/etc/machine-id').trim(), host: hostName(), mounts: textOf('/proc/self/mountinfo') };
  return known;
}

/** What the machine is called. Read where Linux says it, since what knows it everywhere takes longer to load than a lock to take. */
export function hostName(): string {
  return textOf('/proc/sys/kernel/hostname').trim() || process.getBuiltinModule('node:os').hostname();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
