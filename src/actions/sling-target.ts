import type { Town } from '../town.ts';
import { resolveId } from './resolve.ts';

/** Reads what was typed behind `sling`: bead ids, and perhaps a rig or an address as the last word. */
export async function splitTarget(town: Town, words: readonly string[]): Promise<{ beads: string[]; target: string | undefined }> {
  const last = words.at(-1) ?? '';
  const isTarget = words.length > 1 && (last.includes('/') || town.rigs.some((rig) => rig.name === last) || ['mayor', 'deacon', 'overseer'].includes(last));
  const ids = isTarget ? words.slice(0, -1) : words;
  const beads: string[] = [];
  for (const id of ids) beads.push(await resolveId(town, id));
  return { beads: [...new Set(beads)], target: isTarget ? last.replace(/\/$/, '') : undefined };
}
