// One of several processes that write to one ledger: writer.ts <repository> <name> <times> [pace]. Prints each write once it is acknowledged.
import { writeSync } from 'node:fs';
import { comment, create } from '../../src/domain/content.ts';
import { transact } from '../../src/ledger/transact.ts';
import { ledgerAt } from '../helpers/ledger.ts';

const [path = '', name = '', times = '0'] = process.argv.slice(2);
const ledger = ledgerAt(path, { time: Date.parse('2026-05-01T08:00:00Z') });
const who = { actor: name, email: `${name}@citadel.example` };

for (let step = 0; step < Number(times); step++) {
  const act = { by: name, at: '2026-05-01T08:00:00Z' };
  // Every process says something about one shared bead, and every fifth time files one of its own.
  await transact(ledger, who, `${name} ${step}`, (view) => [
    ...comment(view, 'gt-shared', `${name}-${step}`, `${name} was here`, act),
    ...(step % 5 === 0 ? create(view, `gt-${name}${step}`, { title: `${name} ${step}` }, act) : []),
  ]);
  writeSync(1, `${name}-${step}\n`);
}
