// Takes a pair of pipes and holds it: taker.ts <folder>
import { openPipes } from '../../src/git/pipes.ts';

openPipes({ TMPDIR: process.argv[2] ?? '' });
console.log('taken');
setInterval(() => undefined, 1000);
