import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildFolder } from '../../src/actions/staging.ts';
import { processStart } from '../../src/sessions/processes.ts';
import { temporary } from '../helpers/temporary.ts';

const build = suite('buildFolder');

build('shows a folder when all of it is there', async () => {
  const place = join(temporary(), 'shop');
  const answer = await buildFolder(place, async (folder) => {
    writeFileSync(join(folder, 'door'), 'red');
    assert.not.ok(existsSync(place));
    return 7;
  });
  assert.is(answer, 7);
  assert.equal([readFileSync(join(place, 'door'), 'utf8'), readdirSync(join(place, '..'))], ['red', ['shop']]);
});

build('leaves nothing when it fails, or when the place is taken', async () => {
  const parent = temporary();
  const place = join(parent, 'shop');
  const failure = await buildFolder(place, () => Promise.reject(new Error('no paint'))).catch((error: Error) => error.message);
  assert.equal([failure, readdirSync(parent)], ['no paint', []]);
  mkdirSync(place);
  writeFileSync(join(place, 'mine'), '');
  assert.is(await buildFolder(place, async () => 'built').catch(() => 'refused'), 'refused');
  assert.equal([readdirSync(parent), readdirSync(place)], [['shop'], ['mine']]);
});

build('removes what dead builders left, and nothing of those that live', async () => {
  const parent = temporary();
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const dead = `.shop.new-${process.pid}-${hex('another start')}`;
  const living = `.shop.new-${process.ppid}-${hex(processStart(process.ppid) ?? '')}`;
  const others = ['.shop.new-mine', 'web.new-1-00'];
  for (const name of [dead, dead.replace('shop', 'web'), living, ...others]) mkdirSync(join(parent, name));
  await buildFolder(join(parent, 'shop'), async () => undefined);
  assert.equal(readdirSync(parent).sort(), [living, ...others, 'shop'].sort());
});

build.run();
