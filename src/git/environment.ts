/** Variables of git that say where its configuration and its ssh are, not which repository is meant. */
const kept = new Set(['GIT_CONFIG_NOSYSTEM', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT']);
const dropped = /^(GIT_|BUN_|LC_|SSH_ASKPASS)|^(NODE_OPTIONS|PAGER|LESS|LV|EDITOR|VISUAL|LANGUAGE)$/;

/** The environment for a child: nothing in it picks another repository, opens a pager or an editor, asks a question or turns the executable into something else. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (kept.has(name) || !dropped.test(name))) environment[name] = value;
  }
  return {
    ...environment,
    LC_ALL: 'C',
    TERM: 'dumb',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_EDITOR: ':',
    GIT_SEQUENCE_EDITOR: ':',
    GIT_PAGER: 'cat',
    GIT_PROXY_COMMAND: '',
    GIT_OPTIONAL_LOCKS: '0',
    // Whoever can push a ref could else put another object in the place of one that is read.
    GIT_NO_REPLACE_OBJECTS: '1',
    ...extra,
  };
}
