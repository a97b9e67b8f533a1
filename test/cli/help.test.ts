import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { areas } from '../../src/cli/command-table.ts';
import { loadCommand, typeable, typedName } from '../../src/cli/commands.ts';
import { commandHelp, programHelp } from '../../src/cli/help.ts';
import type { Part } from '../../src/cli/output.ts';
import { tableLines } from '../../src/cli/table.ts';

// UPDATE=1 writes the golden file anew.
const golden = join(import.meta.dirname, 'help.golden.txt');

function text(parts: Iterable<Part>): string {
  const lines = Array.from(parts, (part) => {
    if (typeof part === 'string') return part;
    return 'heading' in part ? part.heading : [...tableLines(part, undefined, (cell) => cell)].join('\n');
  });
  return lines.join('\n');
}

const help = suite('--help');

help('of every command is what the golden file says', async () => {
  const pages: string[] = [];
  for (const program of ['gt', 'bd'] as const) pages.push(`$ ${program} --help\n${text(await programHelp(program))}`);
  for (const [name] of areas.flatMap(({ commands }) => commands)) {
    const typed = `gt ${typedName('gt', name)}`;
    pages.push(`$ ${typed} --help\n${(await commandHelp(typed, await loadCommand(name))).trimEnd()}`);
  }
  const now = `${pages.join('\n\n')}\n`;
  if (process.env['UPDATE']) writeFileSync(golden, now);
  assert.fixture(now, readFileSync(golden, 'utf8'));
});

help('names nothing that a program does not know', async () => {
  for (const program of ['gt', 'bd'] as const) {
    const shown = text(await programHelp(program)).matchAll(new RegExp(`^  ${program} ((?:[a-z-]+ )*[a-z-]+)`, 'gm'));
    for (const [, typed] of shown) assert.ok(typeable(program).has(typed!), `${program} ${typed}`);
  }
});

help.run();
