import { Broken, Failure } from '../base/errors.ts';

/** Is told, in a sentence, what was left to the next round, and why. */
export type Tell = (left: string) => void;

/** Does what only keeps order behind something that stands: where that fails, by a rule or by this machine, it is told and left to the next round; answers undefined then. */
export async function upkeep<T>(tell: Tell, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) && !(error instanceof Error && 'syscall' in error)) throw error;
    tell(`${what}: ${error.message}`);
    return undefined;
  }
}

/** Something that only keeps order could not be done behind what was shared. */
export class UpkeepLeft extends Broken {
  readonly code = 'sync.upkeep-left';
  constructor(left: readonly string[]) {
    super(`the ledger was shared; left to the next round: ${left.join('; ')}`, { left }, 'gt sync');
  }
}
