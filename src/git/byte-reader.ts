/** Takes lines and counted bytes out of a stream of chunks, in the order in which they were asked for. */
export class ByteReader {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #failure: Error | undefined;
  #wanted: { take: () => Buffer | undefined; resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#serve();
  }

  /** Ends the stream: what is asked for beyond what has arrived fails with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#serve();
  }

  /** The next line, without its newline. */
  async line(): Promise<string> {
    const bytes = await this.#want(() => {
      const length = this.#lineLength();
      return length === undefined ? undefined : this.#take(length + 1);
    });
    return bytes.toString('utf8', 0, bytes.length - 1);
  }

  /** The next bytes, as many as are asked for. */
  bytes(count: number): Promise<Buffer> {
    return this.#want(() => (this.#length < count ? undefined : this.#take(count)));
  }

  #want(take: () => Buffer | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#wanted = { take, resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    const bytes = wanted.take();
    if (bytes === undefined && this.#failure === undefined) return;
    this.#wanted = undefined;
    if (bytes === undefined) wanted.reject(this.#failure!);
    else wanted.resolve(bytes);
  }

  #lineLength(): number | undefined {
    let before = 0;
    for (const chunk of this.#chunks) {
      const at = chunk.indexOf(10);
      if (at !== -1) return before + at;
      before += chunk.length;
    }
    return undefined;
  }

  #take(count: number): Buffer {
    const first = this.#chunks[0];
    if (first === undefined || first.length < count) {
      const joined = Buffer.concat(this.#chunks);
      this.#chunks.splice(0, this.#chunks.length, joined);
    }
    const bytes = this.#chunks[0]!.subarray(0, count);
    const rest = this.#chunks[0]!.subarray(count);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#length -= count;
    return bytes;
  }
}
