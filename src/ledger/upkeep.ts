import { Failure } from '../base/errors.ts';

/** What was left to the next round, and why, in a sentence; and what stopped it. */
export interface Left {
  readonly why: string;
  readonly error: Error;
}

/** Is told, in a sentence, what was left to the next round, and why; and what stopped it. */
export type Tell = (why: string, error: Error) => void;

/** Does what only keeps order behind something that stands: where that fails, by a rule or by this machine, it is told and left to the next round; answers undefined then. */
export async function upkeep<T>(tell: Tell, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) && !(error instanceof Error && 'syscall' in error)) throw error;
    tell(`${what}: ${reasonOf(error)}`, error);
    return undefined;
  }
}

/** Why something failed and, where that is known, what would end it, in one line. */
export function reasonOf(error: Error): string {
  return error instanceof Failure && error.hint !== undefined ? `${error.message} (try: ${error.hint})` : error.message;
}
