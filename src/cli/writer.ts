import type { Writer } from '../actions/bead-write.ts';
import type { Context } from './command.ts';
import { enter } from './entry.ts';

/** Opens the town for a verb that writes. */
export async function asWriter(context: Context): Promise<Writer> {
  const { town, who } = await enter(context);
  return { town, who, cwd: context.cwd };
}
