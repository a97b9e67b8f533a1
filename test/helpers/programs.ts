import { spawnSync } from 'node:child_process';
import { accessSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporary } from './temporary.ts';

/** One build of the programs: what to run as `gt` and as `bd`, and the folder that has both under these names, for PATH. */
export interface Program {
  readonly name: 'native' | 'node';
  readonly argv: readonly string[];
  readonly bd: readonly string[];
  readonly folder: string;
}

/** The top of this checkout. */
export const root = resolve(import.meta.dirname, '../..');

const dist = join(root, 'dist');

/** Every build under test. `npm run build` makes them; a missing one fails here, not later in words that mislead. */
export const programs: readonly Program[] = [
  { name: 'native', argv: [join(dist, 'gt')], bd: [join(dist, 'bd')], folder: dist },
  {
    name: 'node',
    argv: ['node', join(dist, 'node/main.js')],
    bd: ['node', join(dist, 'node/bd')],
    folder: join(dist, 'node/bin'),
  },
];

for (const { folder } of programs) accessSync(join(folder, 'gt'));

/** The bundle under each further Node that GASTOWN_TEST_NODES names (paths between colons), by its version. */
export function underOtherNodes(): { version: string; program: Program }[] {
  const nodes = (process.env.GASTOWN_TEST_NODES ?? '').split(':').filter((path) => path !== '');
  return nodes.map((node) => {
    const folder = temporary();
    symlinkSync(node, join(folder, 'node'));
    for (const name of ['gt', 'bd']) writeFileSync(join(folder, name), `#!/bin/sh\nexec '${node}' '${join(dist, 'node', name)}' "$@"\n`, { mode: 0o755 });
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    return { version, program: { name: 'node', argv: [node, join(dist, 'node/main.js')], bd: [node, join(dist, 'node/bd')], folder } };
  });
}

export const noOtherNodes = 'GASTOWN_TEST_NODES names no other Node';
