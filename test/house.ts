// Prints how large our files and functions have grown, beside the houses that we learned from. Measures; forbids nothing.
import ts from 'typescript';
import { sources } from './helpers/sources.ts';

const admired = `  execa               0 %   111
  smol-toml           0 %    82
  isomorphic-git      3 %   358
  knip                4 %   544
  git-bug             6 %     -
  changesets          7 %   312
  graphile-worker    24 %   864
  radicle            27 %     -
  jj                 35 %     -
  gt              37–38 % 1,224
  rust-bors          45 %     -`;

interface Measure {
  readonly size: number;
  readonly where: string;
}

const files: Measure[] = [];
const functions: Measure[] = [];
const depths: Measure[] = [];

function isNesting(node: ts.Node): boolean {
  if (ts.isIfStatement(node)) return !(ts.isIfStatement(node.parent) && node.parent.elseStatement === node);
  return ts.isIterationStatement(node, false) || ts.isSwitchStatement(node) || ts.isTryStatement(node) || isFunction(node);
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) || ts.isPropertyAssignment(node.parent) ? node.parent.name.getText() : '(unnamed)';
}

function measure(path: string, text: string): void {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
  files.push({ size: text.trimEnd().split('\n').length, where: path });
  let deepest: Measure = { size: 0, where: path };
  const visit = (node: ts.Node, depth: number): void => {
    const here = isNesting(node) ? depth + 1 : depth;
    const line = lineOf(node.getStart());
    if (here > deepest.size) deepest = { size: here, where: `${path}:${line}` };
    if (isFunction(node)) functions.push({ size: lineOf(node.end) - line + 1, where: `${path}:${line} ${nameOf(node)}` });
    ts.forEachChild(node, (child) => visit(child, here));
  };
  visit(tree, 0);
  depths.push(deepest);
}

for (const [path, text] of sources('src')) measure(path, text);

function print(title: string, measures: readonly Measure[], count = 10): void {
  const longest = [...measures].sort((a, b) => b.size - a.size).slice(0, count);
  process.stdout.write(`${title}\n${longest.map(({ size, where }) => `${String(size).padStart(7)}  ${where}\n`).join('')}\n`);
}

const over = files.filter(({ size }) => size > 300).length;
const share = files.length === 0 ? 0 : Math.round((100 * over) / files.length);
const longest = Math.max(0, ...functions.map(({ size }) => size));
const lines = files.reduce((total, { size }) => total + size, 0);

print('longest files (lines)', files);
print('longest functions (lines)', functions);
print('deepest nesting (functions, branches, loops and tries in one another)', depths, 5);
process.stdout.write(`files over 300 lines, longest function
  ours               ${share} %   ${longest}   (${files.length} files, ${lines} lines, ${functions.filter(({ size }) => size > 60).length} functions over 60)
${admired}
`);
