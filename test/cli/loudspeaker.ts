// Takes the place of `gt version` in builds of main.test.ts, to do to the frame what commands may do.
import { spawn } from 'node:child_process';
import { Busy } from '../../src/base/errors.ts';
import { defineCommand } from '../../src/cli/command.ts';

class HornTaken extends Busy {
  readonly code = 'horn.taken';
}

function blow(horn: string): never {
  throw new Error(horn);
}

export const command = defineCommand({
  name: 'version',
  summary: 'Make noise in one of several ways',
  args: [{ name: 'how', describe: 'which noise', required: true }],
  options: { size: { type: 'number', default: 1, describe: 'how much' } },
  async run({ how, size }, context) {
    if (how === 'refuse') throw new HornTaken('the horn is \u001b[31mtaken', { by: 'nux' }, 'gt version step');
    if (how === 'break') throw new TypeError('no horn');
    if (how === 'reject') void Promise.reject(new Error('left alone'));
    if (how === 'throw') setTimeout(() => blow('out of turn'));
    if (how === 'reject' || how === 'throw') await new Promise((settle) => setTimeout(settle, 5_000));
    if (how === 'wait' || how === 'ignore') {
      const child = spawn('sleep', ['60']);
      if (how === 'wait') context.signal.addEventListener('abort', () => child.kill());
      context.progress(`waiting for ${child.pid}`);
      await new Promise((settle) => child.on('exit', settle));
    }
    if (how === 'listen') return { heard: (await context.stdin()).length };
    if (how === 'ask') return { answer: (await context.confirm('Louder?', true)) ?? 'nobody' };
    if (how === 'where') return { cwd: context.cwd, actor: context.actor ?? null, terminal: context.isTerminal };
    if (how === 'step') for (const line of ['one', 'two\u001b[2J']) context.progress(line);
    return { lines: Array.from({ length: size }, (_, at) => `${at} ${'夜'.repeat(30)}`) };
  },
  *render(result) {
    if ('lines' in result && result.lines) yield* result.lines;
    else yield JSON.stringify(result);
  },
  exit: (result) => ('answer' in result ? 1 : 0),
});
