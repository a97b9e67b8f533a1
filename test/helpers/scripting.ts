import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { garageFile } from './garage.ts';
import { programs } from './programs.ts';
import { ownEnvironment, repository, temporary, type Ran } from './temporary.ts';

export type Json = Readonly<Record<string, unknown>>;

const native = programs[0]!;

/** The programs that scripts call: every command about beads is in both. */
export const called = { bd: native.bd, gt: native.argv } as const;

/** A repository, and a program that is run in it. */
export interface Place {
  readonly path: string;
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Ran;
  /** What a command that must succeed printed, without the last newline. */
  say(...words: string[]): string;
  json<T = Json[]>(...words: string[]): T;
}

function placeAt(path: string, argv: readonly string[]): Place {
  const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Ran => {
    const { status, signal, stdout, stderr } = spawnSync(argv[0]!, [...argv.slice(1), ...words], { cwd: path, env: { ...ownEnvironment(), ...env }, encoding: 'utf8', timeout: 60_000 });
    return { code: status, signal, stdout, stderr };
  };
  const say = (...words: string[]): string => {
    const ran = run(words);
    assert.is(ran.code, 0, `${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout.replace(/\n$/, '');
  };
  return { path, run, say, json: <T>(...words: string[]): T => JSON.parse(say(...words, '--json')) as T };
}

/** A repository that was made a ledger as scripts do it. */
export async function begun(argv: readonly string[]): Promise<Place> {
  const place = placeAt(await repository({ path: join(temporary(), 'shop') }), called.bd);
  assert.is(place.say('init', '--prefix', 'app-', '--quiet'), '');
  return placeAt(place.path, argv);
}

/** The same with the beads of the garage in it. */
export async function garageAt(argv: readonly string[]): Promise<Place> {
  const place = await begun(argv);
  place.say('import', garageFile);
  return place;
}

/** The keys of an answer, sorted. */
export const keysOf = (value: unknown): string[] => Object.keys(value as Json).sort();
/** The ids of beads, those of the garage without its prefix. */
export const idsOf = (beads: readonly Json[]): string[] => beads.map(({ id }) => String(id).replace('garage-', ''));
