import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { proposeGate } from '../../src/actions/gate-proposal.ts';

function propose(files: Readonly<Record<string, string>>): Promise<string | undefined> {
  return proposeGate(async (path) => files[path]);
}

const proposal = suite('proposeGate');

proposal("takes npm's test script, and installs what it needs first", async () => {
  const test = { scripts: { test: 'node --test' } };
  assert.is(await propose({ 'package.json': JSON.stringify(test) }), 'npm test');
  const needy = JSON.stringify({ ...test, devDependencies: { uvu: '*' } });
  assert.is(await propose({ 'package.json': needy }), 'npm install && npm test');
  assert.is(await propose({ 'package.json': needy, 'package-lock.json': '{}' }), 'npm ci && npm test');
  assert.is(await propose({ 'package.json': needy, 'pnpm-lock.yaml': '' }), 'pnpm install --frozen-lockfile && pnpm test');
  assert.is(await propose({ 'package.json': needy, 'yarn.lock': '' }), 'yarn install --frozen-lockfile && yarn test');
});

proposal('passes over a package without tests, and one that cannot be read', async () => {
  for (const manifest of ['{', '[]', '{}', '{"scripts":[]}', '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}']) {
    assert.is(await propose({ 'package.json': manifest }), undefined);
    assert.is(await propose({ 'package.json': manifest, Makefile: 'all: x\ntest: all\n' }), 'make test');
  }
});

proposal('knows the tests of other trades', async () => {
  assert.is(await propose({ 'Cargo.toml': '' }), 'cargo test');
  assert.is(await propose({ 'go.mod': '' }), 'go test ./...');
  assert.is(await propose({ Makefile: 'test := x\ntests:\n' }), undefined);
  assert.is(await propose({ 'pyproject.toml': '[tool.pytest.ini_options]' }), 'python3 -m pytest');
  assert.is(await propose({ 'pyproject.toml': '[project]' }), undefined);
  assert.is(await propose({}), undefined);
});

proposal.run();
