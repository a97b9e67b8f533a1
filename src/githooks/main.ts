import { readFileSync, writeSync } from 'node:fs';
import { Failure, gitHookRefusal } from '../base/errors.ts';
import { clean } from '../base/text.ts';
import type { GitHookCall, Verdict } from './verdict.ts';

type Serve = (call: GitHookCall) => Promise<Verdict>;

const wake = async (): Promise<Serve> => (await import('./wake.ts')).wake;

const hooks: Readonly<Record<string, () => Promise<Serve>>> = {
  'prepare-commit-msg': async () => (await import('./prepare-commit-msg.ts')).prepareCommitMessage,
  'pre-push': async () => (await import('./pre-push.ts')).prePush,
  'post-commit': wake,
  'post-merge': wake,
  'post-checkout': wake,
  'reference-transaction': wake,
};

/** Serves one call of git; returns what to exit with. A hook that is not known, and a town that is missing or damaged, stop nobody. */
export async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const load = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  if (load === undefined) return 0;
  try {
    const serve = await load();
    const verdict = await serve({ args, cwd: process.cwd(), env: process.env, now: () => Date.now(), input: () => readFileSync(0, 'utf8'), say: (line) => writeSync(2, `gt: ${clean(line)}\n`) });
    if (verdict === undefined) return 0;
    writeSync(2, `gt: ${verdict.reason}\n  try: ${verdict.hint}\n`);
    return gitHookRefusal;
  } catch (error) {
    if (error instanceof Failure) return 0;
    throw error;
  }
}
