/** What git calls us with. */
export interface GitHookCall {
  readonly args: readonly string[];
  /** The top of the worktree that git works in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  now(): number;
  /** What git tells on standard input. */
  input(): string;
  /** Tells the person something that changes nothing. */
  say(line: string): void;
}

/** What a git hook says: nothing, which lets git go on, or why not and what to do instead. */
export type Verdict = undefined | { readonly reason: string; readonly hint: string };
