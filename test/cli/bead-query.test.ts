import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { queryOptions, readQuery, type TypedQuery } from '../../src/cli/bead-query.ts';
import type { Command, Context, Option } from '../../src/cli/command.ts';
import { parse } from '../../src/cli/parse.ts';
import { isParticular } from '../../src/domain/query.ts';

const command: Command = { name: 'bead list', summary: 'List beads', options: queryOptions, run: async () => undefined, *render() {} };
const context = { now: () => Date.parse('2026-05-01T08:00:00Z') } as Context;

/** Something that may be typed for an option. */
function wordFor(name: string, { type, placeholder }: Option): string[] {
  if (type === 'boolean') return [];
  const words: Readonly<Record<string, string>> = { '<time>': '7d', '<n>': '2', '<key=value>': 'team=web', priority: '1' };
  return [words[placeholder ?? name] ?? 'x'];
}

const reading = suite('readQuery');

for (const [name, option] of Object.entries(queryOptions)) {
  if (name === 'rig') continue;
  reading(`asks what --${name} says, where nothing else is typed`, async () => {
    const { parent, ...typed } = parse(command, 'gt list', [`--${name}`, ...wordFor(name, option)]).args as unknown as TypedQuery;
    assert.ok(isParticular(await readQuery(typed, parent, context)));
  });
}

reading('asks for nothing in particular where nothing is typed', async () => {
  const { parent, ...typed } = parse(command, 'gt list', []).args as unknown as TypedQuery;
  assert.not.ok(isParticular(await readQuery(typed, parent, context)));
});

reading.run();
