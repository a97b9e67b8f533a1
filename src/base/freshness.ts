/** Remembers, in one process, when something was last done, by a clock that nobody can set. */
export class Freshness {
  readonly #done = new Map<string, number>();
  readonly #clock: () => number;

  /** `clock` answers milliseconds that only ever grow. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** It was done just now. */
  note(key: string): void {
    this.#done.set(key, this.#clock());
  }

  /** It has to be done again, however short a time ago it was. */
  forget(key: string): void {
    this.#done.delete(key);
  }

  /** Whether it was done at most so many milliseconds ago. */
  isWithin(key: string, milliseconds: number): boolean {
    const at = this.#done.get(key);
    return at !== undefined && this.#clock() - at <= milliseconds;
  }
}
