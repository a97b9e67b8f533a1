import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../base/text.ts';
import type { Environment } from './environment.ts';
import { SessionNotStarted, type SessionSpec } from './session.ts';

/** Names that sh keeps for itself, or obeys. */
const ofTheShell = /^(PPID|E?UID|SHELLOPTS|BASHOPTS|BASH_VERSINFO|BASH_ENV|ENV|IFS|PS4|LINENO)$/;

/**
 * The file that becomes a session. It waits until it is let go, for 10 s at most, so that who starts it can write down first what it started; then it turns into the
 * command, or on a terminal runs it and outlives it until the terminal has read all. It is a file, readable by its owner only, since command lines are short and
 * everybody can read them.
 */
export function writeLauncher(spec: SessionSpec, env: Environment, nonce: string, onTerminal: boolean): string {
  const path = `${spec.transcript}.${nonce}.start`;
  if ([spec.cwd, ...spec.command].some((text) => text.includes('\0'))) throw new SessionNotStarted(spec.id, 'its command holds a NUL character');
  const exports = Object.entries(env)
    .filter(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && !ofTheShell.test(name) && value !== undefined && !value.includes('\0'))
    .map(([name, value]) => `export ${name}=${shellWord(value ?? '')}`);
  const lines = [
    'turns=0',
    'until [ -e "$0.go" ]; do',
    '  turns=$((turns + 1))',
    '  if [ "$turns" -gt 1000 ]; then rm -f -- "$0"; exit 75; fi',
    '  sleep 0.01',
    'done',
    'rm -f -- "$0" "$0.go"',
    'unset turns',
    ...exports,
    ...(onTerminal ? drained(become(spec)) : become(spec)),
    '',
  ];
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(spec.transcript, '', { mode: 0o600 });
  writeFileSync(path, lines.join('\n'), { mode: 0o600, flag: 'wx' });
  return path;
}

function become({ cwd, command }: SessionSpec): string[] {
  return [`cd -- ${shellWord(cwd)} || exit 72`, `exec ${command.map(shellWord).join(' ')}`];
}

/**
 * Runs a session to its end, then waits until the terminal answers: it reads in order, so by then it has read all that was written. tmux closes a pane whose first process has
 * ended once nothing is there to read, though the kernel may not have handed on all of it. Waits 2.5 s at most, longer only where
 * what was typed and never read comes before the answer. The question stands in the transcript, as those of a client do.
 */
function drained(session: readonly string[]): string[] {
  return [
    // Signals are for the command, which does not inherit this; nor does sh tell of them.
    'trap : INT QUIT TERM',
    'exec 3>&2 2>/dev/null',
    '(',
    '  exec 2>&3 3>&-',
    ...session.map((line) => `  ${line}`),
    ')',
    'code=$?',
    `if stty raw -echo min 0 time 5 && printf '\\033[5n'; then`,
    '  patience=50',
    '  while [ "$patience" -gt 0 ]; do',
    '    case $(dd bs=4096 count=1) in',
    "      *'[0n'*) break ;;",
    "      '') patience=$((patience - 10)) ;;",
    '      *) patience=$((patience - 1)) ;;',
    '    esac',
    '  done',
    'fi',
    'exit "$code"',
  ];
}

/** Lets the session that waits in a launcher go; the launcher then clears itself away. */
export function letGo(launcher: string): void {
  writeFileSync(`${launcher}.go`, '');
}

/** Clears away a launcher that will not be run. */
export function dropLauncher(launcher: string): void {
  rmSync(launcher, { force: true });
}
