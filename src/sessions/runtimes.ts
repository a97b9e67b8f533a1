import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Usage } from '../base/errors.ts';
import { claude } from './claude.ts';
import type { Environment } from './environment.ts';

/** What a runtime is started for. */
export interface RuntimeSpec {
  /** The command line that its hooks call gt by. */
  readonly gt: readonly string[];
  /** The worktree. */
  readonly cwd: string;
  /** Where files for this session may be written: outside of every checkout. */
  readonly stateFolder: string;
  /** Without a terminal: it works through its prompt and ends. */
  readonly headless: boolean;
  /** A person starts it, and answers what it asks. */
  readonly byHand?: boolean;
  readonly prompt?: string;
  readonly model?: string;
  /** What the session will have in its environment. */
  readonly env?: Environment;
  /** A configuration folder of the client that the town owns, and may therefore write to. */
  readonly configFolder?: string;
  /** The repository that the worktree belongs to: whoever trusts it trusts its worktrees. The worktree where it is not said. */
  readonly trusted?: string;
  /** The bead's own command, for exec. */
  readonly run?: readonly string[];
}

/** A client that works for an agent, and how it is handled. */
export interface Runtime {
  readonly name: string;
  /** `argument`: on the command line; `none`: it takes no prompt. */
  readonly promptStyle: 'argument' | 'none';
  command(spec: RuntimeSpec): string[];
  /** The files that it is given, by path; written anew at each start. */
  settingsFiles(spec: RuntimeSpec): ReadonlyMap<string, string>;
  /** What else its environment needs. */
  environment(spec: RuntimeSpec): Record<string, string>;
  /** Makes sure that it will not stop at a question. Throws ClientNotReady. */
  prepare(spec: RuntimeSpec): void;
}

/** The bead's own command, without any model. */
const exec: Runtime = {
  name: 'exec',
  promptStyle: 'none',
  command: ({ run = [] }) => [...run],
  settingsFiles: () => new Map(),
  environment: () => ({}),
  prepare: () => undefined,
};

export const runtimes: readonly Runtime[] = [claude, exec];

/** Finds a runtime. Throws UnknownRuntime. */
export function runtimeNamed(name: string): Runtime {
  const found = runtimes.find((runtime) => runtime.name === name);
  if (found === undefined) throw new UnknownRuntime(name);
  return found;
}

/** What to start, once everything that it needs is in place. */
export interface ReadyClient {
  readonly command: readonly string[];
  /** To be added to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Puts in place what a runtime needs, its settings files among it, and says how it is started. Throws ClientNotReady and RootWithoutSandbox, but not where a person starts it. */
export function prepareClient(runtime: Runtime, spec: RuntimeSpec): ReadyClient {
  if (spec.byHand !== true) runtime.prepare(spec);
  for (const [path, content] of runtime.settingsFiles(spec)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, content, { mode: 0o600 });
    renameSync(fresh, path);
  }
  return { command: runtime.command(spec), env: runtime.environment(spec) };
}

/** No runtime has the name. */
export class UnknownRuntime extends Usage {
  readonly code = 'runtime.unknown';
  constructor(name: string) {
    const known = runtimes.map((runtime) => runtime.name);
    super(`there is no runtime ${JSON.stringify(name.slice(0, 80))}; there are ${known.join(' and ')}`, { name, known });
  }
}
