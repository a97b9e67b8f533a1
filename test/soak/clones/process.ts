// One turn of one clone in a process of its own: bun test/soak/process.ts <clone> <turn as JSON>
import { readSync } from 'node:fs';
import { git, moving, originalOf, replaceGit, type Git } from './room.ts';
import type { Told } from './in-processes.ts';
import type { Turn } from './turn.ts';

// Everything that imports from the git room is loaded after this.

replaceGit(moving);
const { Steps, stepwise } = await import('./steps.ts');
const { drawing, Random } = await import('./random.ts');
const { perform } = await import('./turn.ts');
const { openRepository } = await import('../../../src/git/repository.ts');
const { mainRef } = await import('../../../src/ledger/ledger.ts');
const { isAlive, ownProcess } = await import('../../../src/sessions/processes.ts');

const tell = (told: Told): boolean => process.stdout.write(`${JSON.stringify(told)}\n`);
const [path = '', text = ''] = process.argv.slice(2);
const turn = JSON.parse(text) as Turn;
const steps = new Steps(
  turn.fault,
  turn.online,
  () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  },
  async () => {
    tell({ told: 'overtake' });
    readSync(0, Buffer.alloc(1));
  },
);
const originals = Object.assign({}, ...(await Promise.all(moving.map((name) => import(originalOf(name)))))) as Git;
Object.assign(git, stepwise(originals, () => steps));
crypto.getRandomValues = drawing(new Random(turn.number));
const outcome = await perform(turn, { repository: openRepository(path), ref: mainRef, prefixes: ['gt'], liveness: { self: ownProcess(), isAlive }, now: () => turn.now });
tell({ told: 'outcome', outcome, struck: steps.struck });
