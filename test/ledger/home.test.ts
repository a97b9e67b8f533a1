import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { homeOf, type Surroundings } from '../../src/ledger/home.ts';
import { temporary } from '../helpers/temporary.ts';

const root = '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw';
const overlay = (layer: string): string => `22 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/var/lib/docker/overlay2/${layer}/diff,workdir=/var/lib/docker/overlay2/${layer}/work`;
const machine: Surroundings = { machine: '3d1219c7', host: 'citadel', mounts: root };

const home = suite('homeOf');

function folder(): string {
  const path = join(temporary(), 'gastown');
  mkdirSync(path);
  return path;
}

home('stays where a folder is moved or the host is called otherwise, and is another one in a copy and on another machine', () => {
  const path = folder();
  const before = homeOf(path, machine);
  const copy = `${path}-copy`;
  cpSync(path, copy, { recursive: true });
  assert.is.not(homeOf(copy, machine), before);
  renameSync(path, `${path}-moved`);
  assert.is(homeOf(`${path}-moved`, machine), before);
  assert.is(homeOf(`${path}-moved`, { ...machine, host: 'bullet-farm' }), before);
  assert.is.not(homeOf(`${path}-moved`, { ...machine, machine: '9f' }), before);
});

home('tells containers of one image apart, by the layer that they write to or by their host names, and knows each again', () => {
  const path = folder();
  const image: Surroundings = { machine: '', host: 'a1b2c3', mounts: overlay('one') };
  for (const other of [{ ...image, mounts: overlay('two') }, { ...image, host: 'd4e5f6' }]) assert.is.not(homeOf(path, other), homeOf(path, image));
  for (const name of ['', 'baked-into-the-image']) assert.is.not(homeOf(path, { ...image, machine: name, mounts: overlay('two') }), homeOf(path, { ...image, machine: name }));
  assert.is(homeOf(path, { ...image }), homeOf(path, image));
});

home('looks at the mount that holds the folder: a volume is the same one in whatever container', () => {
  const path = folder();
  const volume = `40 22 8:1 /volumes/work ${path} rw,relatime - ext4 /dev/sda1 rw`;
  const inside = (layer: string, ...more: string[]): string => homeOf(path, { machine: '', host: layer, mounts: [overlay(layer), ...more].join('\n') });
  assert.is(inside('one', volume), inside('two', volume));
  assert.is.not(inside('one', volume.replace(path, `${path}-beside`)), inside('two', volume.replace(path, `${path}-beside`)));
  // A system that tells of no mounts and has no name that stays may call itself otherwise every day.
  assert.is(homeOf(path, { machine: '', host: 'a', mounts: '' }), homeOf(path, { machine: '', host: 'b', mounts: '' }));
});

home.run();
