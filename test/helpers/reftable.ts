import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ownEnvironment, temporary } from './temporary.ts';

const own = process.env.PATH ?? '';
const newer = process.env.GASTOWN_TEST_GIT;

/** A PATH on which git keeps refs in a reftable: the machine's own, or one that begins with the git of GASTOWN_TEST_GIT; undefined where neither can. */
export const reftablePath: string | undefined = [own, ...(newer ? [`${join(newer, 'bin')}:${own}`] : [])].find(
  (path) => spawnSync('git', ['init', '-q', '--ref-format=reftable', join(temporary(), 'probe')], { env: { ...ownEnvironment(), PATH: path } }).status === 0,
);

export const noReftable = 'the git at hand does not know --ref-format=reftable, and GASTOWN_TEST_GIT names none that does';
