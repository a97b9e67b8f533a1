// One turn of one clone in a process of its own: <clone> <turn as JSON>. It is bundled with the steps of `stepwise` in the place of git's own.
import { readSync } from 'node:fs';
import { openRepository } from '../../../src/git/repository.ts';
import { mainRef } from '../../../src/ledger/ledger.ts';
import { isAlive, ownProcess } from '../../../src/sessions/processes.ts';
import type { Told } from './in-processes.ts';
import { drawing, Random } from '../../helpers/random.ts';
import { git, originals } from './room.ts';
import { Steps, stepwise } from './steps.ts';
import { perform, type Turn } from './turn.ts';

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
Object.assign(git, stepwise(originals, () => steps));
crypto.getRandomValues = drawing(new Random(turn.number));
const outcome = await perform(turn, { repository: openRepository(path), ref: mainRef, prefixes: ['gt'], liveness: { self: ownProcess(), isAlive }, now: () => turn.now });
tell({ told: 'outcome', outcome, struck: steps.struck });
