/** Variables by name, as a process hands them to its children. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What makes a program something else than it is, picks another repository, or says who and where its parent was. */
const dropped =
  /^(GIT|GT|BD|BEADS|BUN|NODE_V8|npm_(lifecycle|package))_|^(NODE_(OPTIONS|PATH|CHANNEL_FD|CHANNEL_SERIALIZATION_MODE)|CLAUDECODE|CLAUDE_CODE_(ENTRYPOINT|SSE_PORT|SESSION_ID|CHILD_SESSION|EXECPATH)|TMUX(_PANE|_TMPDIR)?|npm_(command|execpath|node_execpath|config_local_prefix)|INIT_CWD|PWD|OLDPWD|SHLVL|_)$/;

/** Variables of git that say where its configuration and its ssh are, not which repository is meant. */
const kept = /^GIT_(CONFIG_(NOSYSTEM|GLOBAL|SYSTEM)|SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+)$/;

/** Composes the environment of a session or a gate: what we inherited, without what would mislead the child, then what is given, as it is. */
export function sessionEnvironment(inherited: Environment, given: Environment = {}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && (kept.test(name) || !dropped.test(name))) environment[name] = value;
  }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** The variables that are set. */
export function definedOnly(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Where programs are looked for when an environment does not say. */
export const usualPath = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin';
