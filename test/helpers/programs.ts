import { accessSync } from 'node:fs';
import { join, resolve } from 'node:path';

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
