/** A set of small numbers that is cheap to copy and to join. */
export class Bits {
  #words: Uint32Array;

  constructor(words = new Uint32Array(8)) {
    this.#words = words;
  }

  has(number: number): boolean {
    return (((this.#words[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  add(number: number): this {
    if (number >>> 5 >= this.#words.length) this.#grow((number >>> 5) + 1);
    this.#words[number >>> 5]! |= 1 << (number & 31);
    return this;
  }

  /** Adds all of another set. */
  join(other: Bits): this {
    if (other.#words.length > this.#words.length) this.#grow(other.#words.length);
    other.#words.forEach((word, index) => (this.#words[index]! |= word));
    return this;
  }

  copy(): Bits {
    return new Bits(this.#words.slice());
  }

  /** The numbers that both sets hold, greatest first. */
  *shared(other: Bits): Generator<number> {
    for (let index = Math.min(this.#words.length, other.#words.length) - 1; index >= 0; index -= 1) {
      for (let word = this.#words[index]! & other.#words[index]!; word !== 0; ) {
        const bit = 31 - Math.clz32(word);
        yield index * 32 + bit;
        word &= ~(1 << bit);
      }
    }
  }

  get size(): number {
    let count = 0;
    for (const _ of this.shared(this)) count += 1;
    return count;
  }

  #grow(length: number): void {
    const words = new Uint32Array(Math.max(length, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}
