import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openRepository } from '../../../src/git/repository.ts';
import { output, ownEnvironment, repository, run } from '../../helpers/temporary.ts';
import { bundleWithGit, moving } from './room.ts';
import type { Outcome, Turn } from './turn.ts';
import type { Stage } from './world.ts';

/** What a process tells of itself, one JSON line each. */
export type Told = { readonly told: 'overtake' } | { readonly told: 'outcome'; readonly outcome: Outcome; readonly struck: boolean };

/** Clones that are real ones, each turn a process of its own with real git, which SIGKILL ends. */
export async function inProcesses(folder: string): Promise<Stage> {
  const place = (clone: number | string): string => join(folder, `${clone}`);
  const git = (...words: string[]): Promise<string> => output(['git', ...words]);
  await bundleWithGit(moving, join(import.meta.dirname, 'process.ts'), place('program'));
  await git('clone', '-q', '--bare', await repository({ path: place('seed') }), place('hub'));
  return {
    hub: openRepository(place('hub')),
    make: async (clone) => {
      await git('clone', '-q', place('hub'), place(clone));
      return openRepository(place(clone));
    },
    copy: async (from, to) => {
      cpSync(place(from), place(to), { recursive: true });
      return openRepository(place(to));
    },
    run: (turn, overtake) => takeTurn([place('program/process.js'), place(turn.clone), JSON.stringify(turn)], turn, overtake),
    check: async () => {
      const found = await Promise.all(['hub', 0, 1, 2, 3, 4, 5].map(async (name) => {
        const { code, stdout, stderr } = await run(['git', 'fsck', '--strict', '--no-dangling', '--no-progress'], { cwd: place(name), timeoutMs: 300_000 });
        return code === 0 && stdout + stderr === '' ? [] : [`git fsck of ${name}: ${stdout}${stderr}`];
      }));
      return found.flat();
    },
  };
}

function takeTurn(argv: readonly string[], turn: Turn, overtake: () => Promise<void>): Promise<{ readonly outcome: Outcome | undefined; readonly struck: boolean }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, argv, { env: ownEnvironment(), stdio: ['pipe', 'pipe', 'pipe'], timeout: 120_000, killSignal: 'SIGTERM' });
    let end: { readonly outcome: Outcome; readonly struck: boolean } | undefined;
    let said = '';
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString('utf8')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as Told;
      if (told.told === 'outcome') end = told;
      else overtake().then(() => child.stdin.write('\n'), fail);
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') done({ outcome: undefined, struck: true });
      else if (code === 0 && end !== undefined) done(end);
      else fail(new Error(`turn ${turn.number} (${turn.deed.verb}) ended with ${code ?? signal}\n${said}`));
    });
  });
}
