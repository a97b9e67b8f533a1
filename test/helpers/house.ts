import { posix } from 'node:path';
import ts from 'typescript';

/** A rule of the house that a file breaks: which rule, where, and what is wrong in one sentence. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Source files by their path from the top of the repository, with forward slashes. */
export type Files = ReadonlyMap<string, string>;

interface Source {
  readonly path: string;
  readonly room: string | undefined;
  readonly tree: ts.SourceFile;
  readonly lines: readonly string[];
}

type Rule = (source: Source) => Iterable<[node: ts.Node | number, text: string]>;

/** What each room may import beside itself. `main` is src/main.ts, which only picks a face; `action` is src/action.ts, the face of CI. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  base: [],
  git: ['base'],
  sessions: ['base'],
  telemetry: ['base'],
  formula: ['base'],
  domain: ['base', 'formula'],
  ledger: ['base', 'git', 'domain'],
  reader: ['base', 'domain'],
  town: ['base', 'git', 'sessions', 'domain', 'ledger'],
  actions: ['base', 'git', 'sessions', 'formula', 'domain', 'ledger', 'reader', 'town'],
  supervisors: ['base', 'telemetry', 'domain', 'ledger', 'town', 'actions'],
  cli: ['base', 'domain', 'town', 'actions', 'supervisors'],
  githooks: ['base', 'domain', 'town', 'actions'],
  dashboard: ['base', 'domain', 'ledger', 'reader', 'town', 'actions'],
  action: ['base', 'domain', 'reader'],
  main: ['cli', 'githooks', 'dashboard'],
};

const faces = ['cli', 'githooks', 'dashboard', 'action', 'main'];

/** The one room, or file, that each package is kept to. A package that is not here may not be imported at all. */
const packages: readonly (readonly [name: RegExp, places: readonly string[]])[] = [
  [/^smol-toml$/, ['src/formula/']],
  [/^fast-json-stable-stringify$/, ['src/base/jsonl.ts']],
  [/^yargs(-parser)?(\/|$)/, ['src/cli/']],
  [/^chokidar$/, ['src/ledger/watch.ts']],
  [/^proper-lockfile$/, ['src/ledger/lock.ts']],
  [/^(isomorphic-git|nodegit)(\/|$)/, ['src/reader/']],
  [/^@opentelemetry\//, ['src/telemetry/']],
  [/^node:child_process$/, ['src/git/', 'src/sessions/']],
  [/^node:/, ['src/']],
];

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+?)(\.ts)?(\/|$)/.exec(path)?.[1];
}

function* walk(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* walk(child);
}

/** Every module that a file names: static, dynamic, for its types only, or exported onwards. */
function* imports(tree: ts.SourceFile): Generator<[node: ts.Node, specifier: string]> {
  for (const node of walk(tree)) {
    let specifier: ts.Node | undefined;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) specifier = node.argument.literal;
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require')) {
      specifier = node.arguments[0];
    }
    if (specifier && ts.isStringLiteralLike(specifier)) yield [node, specifier.text];
  }
}

const inSource = (rule: Rule): Rule =>
  function* (source) {
    if (source.path.startsWith('src/')) yield* rule(source);
  };

const inTests = (rule: Rule): Rule =>
  function* (source) {
    if (source.path.startsWith('test/')) yield* rule(source);
  };

/** A room imports itself and what the table names; text is embedded from formulas/ and git-hooks/, the version from package.json. */
const importTable: Rule = inSource(function* ({ path, room, tree }) {
  if (room === undefined || !(room in rooms)) {
    yield [0, `${path} stands in no room of the house`];
    return;
  }
  for (const [node, specifier] of imports(tree)) {
    if (!specifier.startsWith('.')) continue;
    const target = posix.join(posix.dirname(path), specifier);
    if (/^(formulas|git-hooks)\//.test(target) || target === 'package.json') continue;
    const other = roomOf(target);
    if (other === undefined) yield [node, `nothing outside src may be imported: ${specifier}`];
    else if (other !== room && !rooms[room]?.includes(other)) yield [node, `${room} may not import ${other}`];
  }
});

const packageRooms: Rule = inSource(function* ({ path, tree }) {
  for (const [node, specifier] of imports(tree)) {
    if (specifier.startsWith('.')) continue;
    const places = packages.find(([name]) => name.test(specifier))?.[1];
    if (places === undefined) yield [node, `${specifier} belongs to no room (node modules are named node:…)`];
    else if (!places.some((place) => path.startsWith(place))) yield [node, `${specifier} is kept to ${places.join(' and ')}`];
  }
});

/** The one place below the faces that may see the environment: it scrubs it for git's processes. */
const scrubber = 'src/git/environment.ts';

const globals: Rule = inSource(function* ({ path, room, tree }) {
  if (room !== undefined && faces.includes(room)) return;
  for (const [node, specifier] of imports(tree)) {
    if (/^(node:)?(process|console)$/.test(specifier)) yield [node, `${specifier} is for the faces only`];
  }
  for (const node of walk(tree)) {
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      const text = node.getText().replace(/^globalThis\./, '').replace(/\[['"](\w+)['"]\]$/, '.$1');
      if (path === scrubber && text === 'process.env') continue;
      if (/^(console\.\w+|process\.(exit|env|argv|argv0|cwd|stdout|stderr|stdin)|Date\.now|Math\.random)$/.test(text)) {
        yield [node, `${text} is for the faces only: take it as a parameter`];
      }
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
      yield [node, 'new Date() is for the faces only: take the time as a parameter'];
    } else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer?.getText() === 'process') {
      yield [node, 'process is for the faces only'];
    }
  }
});

const noBun: Rule = inSource(function* ({ tree }) {
  for (const [node, specifier] of imports(tree)) {
    if (/^bun(:|$)/.test(specifier)) yield [node, `${specifier} exists in one build only`];
  }
  for (const node of walk(tree)) {
    if (ts.isIdentifier(node) && node.text === 'Bun') yield [node, 'Bun exists in one build only'];
  }
});

const names: Rule = inSource(function* ({ path }) {
  for (const part of path.replace(/\.ts$/, '').split('/').slice(1)) {
    const word = part.split('-').find((each) => /^(utils?|helpers?|common|types|misc|managers?|services?)$/.test(each));
    if (word !== undefined) yield [0, `a file is named for its idea, not ${word}`];
  }
});

const noBarrels: Rule = inSource(function* ({ path, tree }) {
  if (path.endsWith('/index.ts')) yield [0, 'index.ts is a barrel'];
  for (const node of tree.statements) {
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) yield [node, 'import it from where it is made: nothing is exported onwards'];
  }
});

const noDefaults: Rule = inSource(function* ({ tree }) {
  for (const node of tree.statements) {
    const isDefault = ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
    if (ts.isExportAssignment(node) || isDefault) yield [node, 'an export has a name'];
  }
});

const explainedAny: Rule = function* ({ tree, lines }) {
  for (const node of walk(tree)) {
    if (node.kind !== ts.SyntaxKind.AnyKeyword) continue;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
    const comment = /\/\/|\*/;
    if (!comment.test(lines[line] ?? '') && !comment.test(lines[line - 1] ?? '')) yield [node, 'any needs a comment that says why'];
  }
};

const ownedTodos: Rule = function* ({ lines }) {
  for (const [index, line] of lines.entries()) {
    if (/(^|\s)(\/\/|\/?\*)\s*(TODO|FIXME|XXX)\b(?!\([\w-]+\):)/.test(line)) yield [index, 'a TODO names its owner: TODO(name): …'];
  }
};

const suitesRun: Rule = inTests(function* ({ path, tree }) {
  if (!path.endsWith('.test.ts')) return;
  const text = tree.getText();
  for (const [node, specifier] of imports(tree)) {
    if (specifier === 'uvu' && /\{[^}]*\btest\b/.test(node.getText()) && !/\btest\.run\(/.test(text)) yield [node, 'test.run() is missing'];
  }
  for (const node of walk(tree)) {
    if (!ts.isCallExpression(node)) continue;
    if (node.expression.getText() === 'suite') {
      const name = ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined;
      if (name === undefined || !new RegExp(`\\b${name}\\.run\\(`).test(text)) yield [node, `${node.getText()} is never run`];
    } else if (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'only' && node.arguments.length === 2) {
      yield [node, '.only leaves the other tests out'];
    }
  }
});

/** Each rule by the name that its violations carry. */
const rules: Readonly<Record<string, Rule>> = {
  'import table': importTable,
  'package rooms': packageRooms,
  'globals in faces': globals,
  'one source': noBun,
  'file names': names,
  'no barrels': noBarrels,
  'named exports': noDefaults,
  'explained any': explainedAny,
  'owned todos': ownedTodos,
  'suites run': suitesRun,
};

const blockLength = 12;

/** Lines that say something, each with where it stands: no imports, comments, blank lines or lone brackets. */
function sayings({ lines }: Source): [text: string, line: number][] {
  return lines
    .map((line, index): [string, number] => [line.trim().replace(/\s+/g, ' '), index])
    .filter(([text]) => /\w/.test(text) && !/^(\/\/|\/?\*|import |\} from )/.test(text));
}

/** Blocks of twelve lines that stand in two places of src, each told once at its beginning. */
function* repeatedBlocks(sources: readonly Source[]): Generator<Violation> {
  const seen = new Map<string, string>();
  for (const source of sources.filter(({ path }) => path.startsWith('src/'))) {
    const said = sayings(source);
    let told = 0;
    for (let start = 0; start + blockLength <= said.length; start++) {
      const block = said.slice(start, start + blockLength).map(([text]) => text).join('\n');
      const line = (said[start]?.[1] ?? 0) + 1;
      const first = seen.get(block);
      if (first === undefined) seen.set(block, `${source.path}:${line}`);
      else if (start >= told) {
        yield { rule: 'no repeated blocks', path: source.path, line, text: `${blockLength} lines are the same as at ${first}` };
        told = start + blockLength;
      }
    }
  }
}

export const ruleNames: readonly string[] = [...Object.keys(rules), 'no repeated blocks'];

/** Finds every place where a file breaks a rule of the house. */
export function violations(files: Files): Violation[] {
  const sources = [...files].map(([path, text]): Source => {
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return { path, room: roomOf(path), tree, lines: text.split('\n') };
  });
  const found: Violation[] = [];
  for (const source of sources) {
    for (const [rule, check] of Object.entries(rules)) {
      for (const [place, text] of check(source)) {
        const line = typeof place === 'number' ? place : source.tree.getLineAndCharacterOfPosition(place.getStart()).line;
        found.push({ rule, path: source.path, line: line + 1, text });
      }
    }
  }
  return [...found, ...repeatedBlocks(sources)];
}
