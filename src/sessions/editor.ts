import { Refused } from '../base/errors.ts';
import { startClient } from './client.ts';
import { definedOnly, type Environment } from './environment.ts';

/** Opens a file in a person's editor, on the terminal of this process, and waits until it is closed. `editor` is a command as sh reads it, with arguments or without. Throws EditorFailed. */
export async function editFile(editor: string, path: string, cwd: string, env: Environment): Promise<void> {
  const { ended } = await startClient({ command: ['sh', '-c', `${editor} "$@"`, editor, path], cwd, env: definedOnly(env) });
  const { code, signal } = await ended;
  if (code !== 0) throw new EditorFailed(editor, code ?? signal ?? 'no status');
}

/** The editor could not be started, or ended as if what it shows were not wanted. */
export class EditorFailed extends Refused {
  readonly code = 'editor.failed';
  constructor(editor: string, status: number | string) {
    super(`the editor ${editor} ended with ${status}`, { editor, status }, 'export EDITOR=vi, and the same command again');
  }
}
