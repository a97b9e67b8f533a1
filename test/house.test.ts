import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ruleNames, violations } from './helpers/house.ts';
import { sources } from './helpers/sources.ts';

const house = suite('the house');

house('is kept by every file', () => {
  const found = violations(sources('src', 'test')).map(({ path, line, rule, text }) => `${path}:${line} ${rule}: ${text}`);
  assert.is(found.join('\n'), '');
});

house.run();

const block = Array.from({ length: 12 }, (_, index) => `export const polecat${index} = 'Furiosa ${index}';`).join('\n');

/** For each rule: files that keep it and files that break it. */
const examples: Record<string, { kept: Record<string, string>; broken: Record<string, string>[] }> = {
  'import table': {
    kept: {
      'src/ledger/a.ts': "import { b } from '../domain/b.ts';",
      'src/main.ts': "await import('./cli/main.ts');",
      'src/action.ts': "import { openLedger } from './reader/ledger.ts';",
      'src/actions/a.ts': "import role from '../../formulas/roles/mayor.md' with { type: 'text' };",
      'src/cli/commands/bead/show.ts': "import { show } from '../../../actions/beads.ts';",
    },
    broken: [
      { 'src/domain/a.ts': "import { b } from '../ledger/b.ts';" },
      { 'src/domain/a.ts': "import type { B } from '../git/b.ts';" },
      { 'src/base/a.ts': "const b = await import('../domain/b.ts');" },
      { 'src/githooks/a.ts': "import { b } from '../cli/b.ts';" },
      { 'src/main.ts': "import { b } from './actions/b.ts';" },
      { 'src/cli/a.ts': "import { b } from '../../test/b.ts';" },
      { 'src/domain/a.ts': "let b: import('../git/b.ts').B;" },
      { 'src/reader/a.ts': "import { b } from '../git/b.ts';" },
      { 'src/action.ts': "import { b } from './ledger/b.ts';" },
      { 'src/town.ts': "import { b } from './actions/b.ts';" },
      { 'src/cellar/a.ts': '' },
    ],
  },
  'package rooms': {
    kept: {
      'src/git/a.ts': "import { spawn } from 'node:child_process';",
      'src/base/jsonl.ts': "import stringify from 'fast-json-stable-stringify';",
      'src/cli/a.ts': "const yargs = await import('yargs/helpers');",
    },
    broken: [
      { 'src/actions/a.ts': "import { spawn } from 'node:child_process';" },
      { 'src/ledger/a.ts': "import { watch } from 'chokidar';" },
      { 'src/base/a.ts': "import stringify from 'fast-json-stable-stringify';" },
      { 'src/base/a.ts': "import fs from 'fs';" },
      { 'src/base/a.ts': "import chalk from 'chalk';" },
      { 'src/git/a.ts': "import git from 'isomorphic-git';" },
    ],
  },
  'globals in faces': {
    kept: {
      'src/cli/a.ts': 'console.log(process.env.HOME, Date.now());',
      'src/git/a.ts': 'const at = new Date(seconds * 1000); const id = process.pid;',
    },
    broken: [
      { 'src/domain/a.ts': "console.error('no');" },
      { 'src/git/a.ts': 'const home = process.env.HOME;' },
      { 'src/git/a.ts': "const home = process['env'].HOME;" },
      { 'src/git/a.ts': 'const { env } = process;' },
      { 'src/git/a.ts': "import { env } from 'node:process';" },
      { 'src/actions/a.ts': 'process.exit(1);' },
      { 'src/ledger/a.ts': 'const now = new Date();' },
      { 'src/ledger/a.ts': 'const now = Date.now();' },
      { 'src/base/a.ts': 'const clock = Date.now;' },
      { 'src/base/a.ts': 'const chance = Math.random();' },
    ],
  },
  'one source': {
    kept: { 'test/a.ts': 'Bun.version;', 'src/base/a.ts': '// Bun loads bunfig.toml' },
    broken: [{ 'src/base/a.ts': 'Bun.version;' }, { 'src/base/a.ts': "import { test } from 'bun:test';" }],
  },
  'file names': {
    kept: { 'src/domain/merge-request.ts': '', 'test/helpers/a.ts': '' },
    broken: [{ 'src/base/utils.ts': '' }, { 'src/domain/types.ts': '' }, { 'src/git/helpers/a.ts': '' }, { 'src/sessions/session-manager.ts': '' }],
  },
  'no barrels': {
    kept: { 'src/domain/a.ts': 'const a = 1; export { a };' },
    broken: [{ 'src/domain/a.ts': "export * from './b.ts';" }, { 'src/domain/a.ts': "export { b } from './b.ts';" }, { 'src/domain/index.ts': '' }],
  },
  'named exports': {
    kept: { 'src/domain/a.ts': 'export const a = 1;' },
    broken: [{ 'src/domain/a.ts': 'export default 1;' }, { 'src/domain/a.ts': 'export default function a() {}' }],
  },
  'explained any': {
    kept: { 'src/domain/a.ts': '// yargs says no more than this\nlet a: any;\nlet any = 1;' },
    broken: [{ 'src/domain/a.ts': 'let a: any;' }, { 'test/a.ts': '\nb(c as any);' }],
  },
  'owned todos': {
    kept: { 'src/domain/a.ts': "// TODO(ada): weave\nconst a = 'TODO';" },
    broken: [{ 'src/domain/a.ts': '// TODO weave' }, { 'src/domain/a.ts': '/* FIXME: weave */' }],
  },
  'suites run': {
    kept: { 'test/a.test.ts': "const claim = suite('claim');\nclaim.run();" },
    broken: [
      { 'test/a.test.ts': "const claim = suite('claim');" },
      { 'test/a.test.ts': "suite('claim');" },
      { 'test/a.test.ts': "import { test } from 'uvu';" },
      { 'test/a.test.ts': "const claim = suite('claim');\nclaim.only('one', () => {});\nclaim.run();" },
    ],
  },
  'no repeated blocks': {
    kept: { 'src/domain/a.ts': block, 'test/a.ts': block },
    broken: [{ 'src/domain/a.ts': block, 'src/domain/b.ts': `// a copy\n${block}` }, { 'src/domain/a.ts': `${block}\n${block}` }],
  },
};

const rule = suite('each rule');

rule('has examples', () => {
  assert.equal(Object.keys(examples).sort(), [...ruleNames].sort());
});

for (const [name, { kept, broken }] of Object.entries(examples)) {
  rule(`${name} lets through what keeps it`, () => {
    const found = violations(new Map(Object.entries(kept))).filter((each) => each.rule === name);
    assert.equal(found, []);
  });
  rule(`${name} sees what breaks it`, () => {
    for (const files of broken) {
      const found = violations(new Map(Object.entries(files))).filter((each) => each.rule === name);
      assert.is(found.length, 1, `${JSON.stringify(files)} → ${JSON.stringify(found)}`);
    }
  });
}

rule.run();
