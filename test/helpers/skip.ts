interface Skippable {
  skip(name: string, run: () => void): void;
}

/** Skips one test of a suite and says why; the runner fails a file that skips without a reason. */
export function skip(suite: Skippable, name: string, reason: string): void {
  suite.skip(name, () => {});
  process.stdout.write(`skipped: ${name}: ${reason}\n`);
}
