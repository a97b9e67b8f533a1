import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '../base/errors.ts';
import { shellWord } from '../base/text.ts';
import type { Runtime, RuntimeSpec } from './runtimes.ts';
import { asWords } from './shell.ts';

/** Claude Code: interactive in a terminal, or headless with -p. */
export const claude: Runtime = {
  name: 'claude',
  promptStyle: 'argument',
  command: (spec) => [
    'claude',
    ...(spec.headless ? ['-p'] : []),
    ...(spec.byHand ? [] : ['--dangerously-skip-permissions']),
    '--settings',
    settingsPath(spec),
    ...(spec.model === undefined ? [] : ['--model', spec.model]),
    // The prompt is the last word, behind what ends the flags: else it could be taken for one, or be swallowed by one that takes a list.
    ...(spec.prompt === undefined ? [] : ['--', asWords(spec.prompt)]),
  ],
  settingsFiles: (spec) => new Map([[settingsPath(spec), `${JSON.stringify(settings(spec.gt), null, 2)}\n`]]),
  environment: ({ configFolder }): Record<string, string> => (configFolder === undefined ? {} : { CLAUDE_CONFIG_DIR: configFolder }),
  prepare(spec) {
    if (process.getuid?.() === 0 && spec.env?.['IS_SANDBOX'] !== '1') throw new RootWithoutSandbox();
    if (spec.headless) return;
    if (spec.configFolder === undefined) checkConfiguration(spec);
    else writeConfiguration(spec, spec.configFolder);
  },
};

function settingsPath({ stateFolder }: RuntimeSpec): string {
  return join(stateFolder, 'claude-settings.json');
}

/** A hook that failed must not end with 2, our status for usage: to the client that means "do not stop", or "do not compact". */
function hook(gt: readonly string[], words: string): object[] {
  return [{ hooks: [{ type: 'command', command: `${gt.map(shellWord).join(' ')} ${words} || exit 1`, timeout: 60 }] }];
}

function settings(gt: readonly string[]): object {
  return {
    // Autonomous mode was chosen for the whole town; without this an interactive client waits for someone to say so again.
    skipDangerousModePermissionPrompt: true,
    hooks: {
      SessionStart: hook(gt, 'prime --hook'),
      PreCompact: hook(gt, 'prime --hook'),
      Stop: hook(gt, 'session signal stop'),
    },
  };
}

/** The part of the client's own file that says which questions a person has answered already. */
interface Configuration {
  hasCompletedOnboarding?: boolean;
  projects?: Record<string, { hasTrustDialogAccepted?: boolean } | undefined>;
  customApiKeyResponses?: { approved?: string[]; rejected?: string[] };
}

function readConfiguration(path: string): Configuration {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Configuration;
  } catch {
    throw new ClientNotReady(`${path} is no JSON, so what the client was told about trust cannot be read`, { path }, `claude doctor`);
  }
}

/** The client asks about the main checkout of a repository, or about a bare repository itself, and takes the answer for all of its worktrees; trust in a folder above does not count. */
function trusts({ projects }: Configuration, { cwd, trusted = cwd }: RuntimeSpec): boolean {
  return [cwd, trusted].some((folder) => projects?.[folder]?.hasTrustDialogAccepted === true);
}

/** Reads, and only reads, whether the person's own client would begin to work at once. */
function checkConfiguration(spec: RuntimeSpec): void {
  const { cwd, env = {}, trusted = cwd } = spec;
  const path = env['CLAUDE_CONFIG_DIR'] ? join(env['CLAUDE_CONFIG_DIR'], '.claude.json') : join(env['HOME'] ?? homedir(), '.claude.json');
  const configuration = readConfiguration(path);
  const hint = `(cd ${shellWord(trusted)} && claude), answer its questions, and leave it again`;
  if (configuration.hasCompletedOnboarding !== true) throw new ClientNotReady('claude was never started by a person here, and would wait for one to choose its colours', { path }, hint);
  if (!trusts(configuration, spec)) throw new ClientNotReady(`claude was not told to trust ${trusted}, and would wait to be asked`, { path, folder: trusted }, hint);
}

/** Answers the questions of a first start in a configuration that the town owns; all else in it stays. */
function writeConfiguration(spec: RuntimeSpec, folder: string): void {
  const { cwd, env = {}, trusted = cwd } = spec;
  const path = join(folder, '.claude.json');
  const configuration = readConfiguration(path);
  // By this much of a key the client remembers that it may use it.
  const key = env['ANTHROPIC_API_KEY']?.slice(-20);
  const approved = configuration.customApiKeyResponses?.approved ?? [];
  const knowsKey = key === undefined || approved.includes(key);
  if (configuration.hasCompletedOnboarding === true && trusts(configuration, spec) && knowsKey) return;
  const merged: Configuration = {
    ...configuration,
    hasCompletedOnboarding: true,
    projects: { ...configuration.projects, [trusted]: { ...configuration.projects?.[trusted], hasTrustDialogAccepted: true } },
    ...(knowsKey ? {} : { customApiKeyResponses: { rejected: [], ...configuration.customApiKeyResponses, approved: [...approved, key] } }),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}

/** The client would stop at a question that only a person should answer. */
export class ClientNotReady extends Refused {
  readonly code = 'client.not-ready';
}

/** Claude Code does not run autonomously as root, unless it is told that the machine is a sandbox. */
export class RootWithoutSandbox extends Refused {
  readonly code = 'client.root-without-sandbox';
  constructor() {
    super('claude refuses its autonomous mode to root on a machine that is no sandbox', {}, 'run gt as another user; or, in a container that may be lost, set IS_SANDBOX=1');
  }
}
