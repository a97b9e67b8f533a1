import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Files } from './house.ts';

const root = resolve(import.meta.dirname, '../..');

/** Reads every TypeScript file of this repository below the given folders. */
export function sources(...folders: readonly string[]): Files {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  return new Map(
    paths.filter((path) => path.endsWith('.ts')).sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
}
