import { isRigKey } from '../actions/settings.ts';
import { rigAt, rigNamed, type Rig, type Town } from '../town.ts';
import type { Option } from './command.ts';

/** The option that says whose settings are meant. */
export const rigOption = {
  rig: { type: 'string', describe: 'the settings of this rig; otherwise of the one that you stand in, or of the town', placeholder: '<rig>' },
} as const satisfies Record<string, Option>;

/** The rig whose settings are meant; undefined for the town's own. A key that is written goes to the rig that one stands in only if rigs keep it. */
export function rigIfAny(town: Town, named: string | undefined, cwd: string, written?: string): Rig | undefined {
  if (named !== undefined) return rigNamed(town, named);
  return written === undefined || isRigKey(written) ? rigAt(town, cwd) : undefined;
}

/** A value as people type it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
