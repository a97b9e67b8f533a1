import type { Take } from '../actions/bead-purge.ts';
import { ledgersAt } from '../actions/scope.ts';
import { parseDuration } from '../base/time.ts';
import type { Bead } from '../domain/bead.ts';
import { queryOptions } from './bead-query.ts';
import { beadTable } from './bead-table.ts';
import type { Context, Option } from './command.ts';
import type { Part } from './output.ts';
import { asWriter } from './writer.ts';

/** The options of the commands that take closed beads away. */
export const purgeOptions = {
  'older-than': { type: 'string', describe: 'closed so long ago, such as 7d', placeholder: '<duration>' },
  pattern: { type: 'string', describe: 'only those whose ids are like that', placeholder: '<id*>' },
  force: { type: 'boolean', alias: 'f', describe: 'do it' },
  rig: queryOptions.rig,
} as const satisfies Record<string, Option>;

/** What is typed with them. */
interface Typed {
  readonly olderThan: string | undefined;
  readonly pattern: string | undefined;
  readonly force: boolean;
  readonly rig: string | undefined;
}

/** The beads that were taken away, or would be. */
export interface Purged {
  readonly beads: readonly Bead[];
  readonly done: boolean;
}

/** Takes closed beads away, those that have been so for `age` where nothing else was typed. */
export async function purge({ olderThan, pattern, force, rig }: Typed, age: string, context: Context, take: Take): Promise<Purged> {
  const writer = await asWriter(context);
  const which = { before: context.now() - parseDuration(olderThan ?? age), pattern };
  return { beads: await take(writer, ledgersAt(writer.town, context.cwd, context.program, rig), which, force), done: force };
}

/** Shows what was taken away; `none` where that is nothing. */
export function* purged({ beads, done }: Purged, none: string): Iterable<Part> {
  if (beads.length === 0) return yield none;
  yield* [done ? 'taken away:' : 'would take away:', beadTable(beads)];
  if (!done) yield 'nothing was taken away yet: --force does it';
}

/** The same for programs. */
export function purgeRecord({ beads, done }: Purged): Record<string, unknown> {
  return { purged: beads.map(({ id }) => id), purged_count: beads.length, dry_run: !done };
}
