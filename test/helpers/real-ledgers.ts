import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './programs.ts';

const folder = join(root, '../shared/data');

/** Ledgers of real projects, as their authors committed them. They lie beside the project where it is developed, and nowhere else. */
export const realLedgers: readonly { readonly name: string; readonly path: string }[] = existsSync(folder)
  ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort().map((name) => ({ name: basename(name, '.jsonl'), path: join(folder, name) }))
  : [];

export const noRealLedgers = `there is no ${folder}`;
