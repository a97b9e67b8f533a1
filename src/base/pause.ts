let bell: Int32Array | undefined;

/** Does nothing for so many milliseconds, and lets nothing else of this process happen meanwhile. */
export function pause(milliseconds: number): void {
  // Nobody rings it.
  bell ??= new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(bell, 0, 0, milliseconds);
}
