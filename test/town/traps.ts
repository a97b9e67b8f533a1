import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './siege.ts';

/** Everything by which a repository, its configuration or the environment could have our commands run something; each means leaves a mark of its own. */
export interface Traps {
  /** The marks of what ran. */
  sprung(): string[];
  /** The files of a worktree. */
  readonly files: Readonly<Record<string, string>>;
  /** A text for a git configuration file. */
  readonly configuration: string;
  /** Fills a folder with git hooks. */
  hooks(path: string): void;
  /** Variables that turn programs into something else. */
  readonly environment: Readonly<Record<string, string>>;
}

const gitHooks = [
  'applypatch-msg', 'commit-msg', 'fsmonitor-watchman', 'post-applypatch', 'post-checkout', 'post-commit', 'post-index-change', 'post-merge', 'post-receive', 'post-rewrite', 'post-update', 'pre-applypatch', 'pre-auto-gc',
  'pre-commit', 'pre-merge-commit', 'pre-push', 'pre-rebase', 'pre-receive', 'prepare-commit-msg', 'proc-receive', 'push-to-checkout', 'reference-transaction', 'sendemail-validate', 'update',
];
const ourWords = ['create', 'show', 'list', 'update', 'close', 'sling', 'done', 'prime', 'hook', 'mq', 'init', 'status', 'log', 'up', 'down', 'bead', 'session', 'tick'];
const gitWords = ['add', 'cat-file', 'checkout', 'clean', 'commit', 'commit-tree', 'config', 'diff', 'fast-import', 'fetch', 'log', 'ls-files', 'merge', 'merge-tree', 'push', 'read-tree', 'reset', 'rev-parse', 'status', 'update-index', 'update-ref', 'worktree', 'write-tree'];

/** Lays traps whose marks and programs lie below `ground`. */
export function traps(ground: string): Traps {
  const marks = folder(ground, 'marks');
  const evil = folder(ground, 'evil');
  const mark = (name: string): string => `touch ${marks}/pwned-${name}`;
  const script = (name: string): string => {
    const path = join(evil, name);
    writeFileSync(path, `#!/bin/sh\n${mark(name)}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const code = (name: string): string => `require('node:fs').writeFileSync(${JSON.stringify(join(marks, `pwned-${name}`))}, '');\n`;
  const preload = (name: string): string => {
    const path = join(evil, `${name}.cjs`);
    writeFileSync(path, code(name));
    return path;
  };
  const hooks = (path: string): void => {
    for (const name of gitHooks) {
      writeFileSync(join(folder(path), name), `#!/bin/sh\n${mark(`hook-${name}`)}\n`);
      chmodSync(join(path, name), 0o755);
    }
  };
  hooks(join(evil, 'hooks'));
  hooks(join(evil, 'template', 'hooks'));
  const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const section = (title: string, keys: Readonly<Record<string, string>>): string => `[${title}]\n${Object.entries(keys).map(([key, value]) => `\t${key} = ${quoted(value)}\n`).join('')}`;
  const filter = (name: string): string => section(`filter "${name}"`, { clean: `${mark(`${name}-clean`)}; cat`, smudge: `${mark(`${name}-smudge`)}; cat`, process: mark(`${name}-process`), required: 'true' });
  const included = join(evil, 'included');
  writeFileSync(included, filter('included') + section('core', { gitProxy: script('included-proxy') }));
  const configuration = [
    section('core', {
      fsmonitor: `${mark('fsmonitor')}; false`, hooksPath: join(evil, 'hooks'), pager: mark('pager'), editor: mark('editor'), sshCommand: mark('ssh'), askPass: script('askpass'), gitProxy: script('proxy'),
      alternateRefsCommand: mark('alternates'),
    }),
    filter('evil'),
    section('diff', { external: mark('diff-external') }),
    section('diff "evil"', { command: mark('diff-command'), textconv: mark('textconv') }),
    section('merge "evil"', { driver: `${mark('driver')}; exit 0` }),
    section('merge', { tool: 'evil' }),
    section('mergetool "evil"', { cmd: mark('mergetool') }),
    section('sequence', { editor: mark('sequence') }),
    section('credential', { helper: `!${mark('credential')}` }),
    section('gpg', { program: script('gpg') }),
    section('gpg "ssh"', { program: script('gpg-ssh'), defaultKeyCommand: script('gpg-key') }),
    section('user', { signingKey: 'x' }),
    section('commit', { gpgSign: 'true' }),
    section('tag', { gpgSign: 'true' }),
    section('push', { gpgSign: 'if-asked' }),
    section('log', { showSignature: 'true' }),
    section('uploadpack', { packObjectsHook: script('pack-objects') }),
    section('remote "origin"', { uploadpack: `${mark('uploadpack')}; git-upload-pack`, receivepack: `${mark('receivepack')}; git-receive-pack` }),
    section('protocol "ext"', { allow: 'always' }),
    section('hook "evil"', { event: 'reference-transaction', command: mark('config-hook') }),
    section('trailer "bead"', { command: mark('trailer'), cmd: mark('trailer') }),
    section('interactive', { diffFilter: mark('diff-filter') }),
    section('pager', { log: mark('pager-log'), show: mark('pager-show') }),
    section('alias', Object.fromEntries([...gitWords, ...ourWords].map((name) => [name, `!${mark(`alias-${name}`)}`]))),
    section('include', { path: included }),
  ].join('');
  const files: Record<string, string> = {
    '.gitattributes': '* filter=evil diff=evil merge=evil text=auto\n*.inc filter=included\n',
    '.env': `BD_ACTOR=pwned\nGT_AGENT=mayor\nBUN_OPTIONS=--preload=${preload('dotenv')}\nNODE_OPTIONS=--require=${join(evil, 'dotenv.cjs')}\n`,
    '.gitmodules': `[submodule "evil"]\n\tpath = evil\n\turl = ${ground}/nowhere\n\tupdate = !${mark('submodule')}\n`,
    'bunfig.toml': `preload = ["./preload.cjs"]\n[run]\npreload = ["./preload.cjs"]\n[test]\npreload = ["./preload.cjs"]\n`,
    'preload.cjs': code('bunfig'),
    'package.json': JSON.stringify({ name: 'evil', imports: { '#x': './preload.cjs' }, scripts: Object.fromEntries(ourWords.map((name) => [name, mark(`script-${name}`)])) }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '*': ['./preload.cjs'] } } }),
    'node_modules/yargs-parser/index.js': code('module'),
    'node_modules/chokidar/index.js': code('module'),
  };
  const environment = {
    BUN_OPTIONS: `--preload=${preload('bun-options')}`,
    BUN_BE_BUN: '1',
    BUN_INSPECT_PRELOAD: preload('bun-inspect'),
    BUN_BYTECODE_ORDER_OUT: join(marks, 'bun-order'),
    BUN_BYTECODE_ORDER_NAMES_OUT: join(marks, 'bun-names'),
    BUN_BYTECODE_DIGEST_OUT: join(marks, 'bun-digest'),
    GIT_EXTERNAL_DIFF: script('env-diff'), GIT_PAGER: script('env-pager'), PAGER: script('env-pager'), GIT_EDITOR: script('env-editor'), EDITOR: script('env-editor'), VISUAL: script('env-editor'),
    GIT_SEQUENCE_EDITOR: script('env-editor'), GIT_ASKPASS: script('env-askpass'), SSH_ASKPASS: script('env-askpass'), GIT_PROXY_COMMAND: script('env-proxy'), GIT_TEMPLATE_DIR: join(evil, 'template'),
    GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'core.fsmonitor', GIT_CONFIG_VALUE_0: `${mark('env-fsmonitor')}; false`, GIT_CONFIG_KEY_1: 'core.hooksPath', GIT_CONFIG_VALUE_1: join(evil, 'hooks'),
    GIT_CONFIG_PARAMETERS: `'core.fsmonitor'='${mark('env-parameters')}; false'`,
    GIT_DIR: ground, GIT_WORK_TREE: ground, GIT_INDEX_FILE: join(ground, 'index'), GIT_OBJECT_DIRECTORY: ground,
  };
  return { sprung: () => readdirSync(marks).sort(), files, configuration, hooks, environment };
}
