import { openTown, type Town } from '../town.ts';
import type { Context, Option } from './command.ts';

/** The option of the commands that can answer from the past. */
export const pastOptions = {
  at: { type: 'string', describe: 'as it was at a commit of the ledger, or at a time: 2h (ago), yesterday, 2030-01-31', placeholder: '<when>' },
} as const satisfies Record<string, Option>;

/** Opens the town that the person stands in, or that town as it was. */
export async function townThen(context: Context, at: string | undefined): Promise<Town> {
  const town = openTown(context.cwd, context.now);
  return at === undefined ? town : (await import('../actions/past.ts')).townAt(town, at);
}
