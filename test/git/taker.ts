// Takes a pair of pipes and holds it, or says twice that there is none: taker.ts <folder>
import { openPipes } from '../../src/git/pipes.ts';

const take = (): string => (openPipes({ TMPDIR: process.argv[2] ?? '' }) === undefined ? 'none' : 'taken');

const first = take();
console.log(first === 'none' ? `${first} ${take()}` : first);
if (first === 'taken') setInterval(() => undefined, 1000);
