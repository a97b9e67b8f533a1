// Reads one object and ends without closing the reader.
import { ObjectReader } from '../../src/git/objects.ts';
import { openRepository } from '../../src/git/repository.ts';

console.log((await ObjectReader.open(openRepository(process.argv[2] ?? '')).info('HEAD'))?.type);
