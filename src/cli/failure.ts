import { Broken, bugExit, Failure } from '../base/errors.ts';
import { clean } from '../base/text.ts';
import { painted, toJson } from './output.ts';
import { mayColour } from './terminal.ts';
import { write } from './write.ts';

/** What this machine may refuse to any program, by the system's own names. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no space left on the disk', EDQUOT: 'the disk quota is used up', EROFS: 'the file system is read-only', EACCES: 'permission is denied', EPERM: 'permission is denied',
  EIO: 'the disk cannot be read or written', EMFILE: 'too many files are open', ENFILE: 'too many files are open', ENOMEM: 'there is no memory left',
};

/** The machine did not let us do what every program has to. */
class MachineRefused extends Broken {
  readonly code = 'machine.refused';
  constructor(why: string, { code, path, syscall }: NodeJS.ErrnoException) {
    super(path === undefined ? why : `${why}: ${path}`, { code, path, syscall }, 'mend that, and run the command again');
  }
}

/** An error of the system that is no fault of ours, as a failure; anything else as it is. */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const why = refusals[String(error.code)];
  return why === undefined ? error : new MachineRefused(why, error as NodeJS.ErrnoException);
}

/** Tells a person, or a program that asked for JSON, why a command stopped; returns what to exit with. */
export function tell(thrown: unknown, json: boolean): number {
  const error = translated(thrown);
  if (error instanceof Failure) {
    const { message, code, hint, data } = error;
    write(2, json ? `${toJson({ schema_version: 1, error: message, code, hint, data }, 0)}\n` : sentence(message, hint));
    return error.exit;
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  const report = 'this is a bug in gastown: please report it with the lines below';
  write(2, json ? `${toJson({ schema_version: 1, error: message, code: 'gastown.bug', hint: report, data: { stack } }, 0)}\n` : `${sentence(report)}${clean(stack)}\n`);
  return bugExit;
}

/** What somebody typed may stand in a message, however long it was. */
const longest = 1_000;

function short(text: string): string {
  return clean(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

function sentence(message: string, hint?: string): string {
  const paint = mayColour(2) ? painted : (text: string) => text;
  const lead = paint('gt:', 'bad');
  const next = hint === undefined ? '' : `  ${paint('try:', 'faint')} ${short(hint)}\n`;
  return `${lead} ${short(message)}\n${next}`;
}
