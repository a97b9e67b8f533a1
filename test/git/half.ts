// Begins a commit of many files, says so, and goes on until it is killed: half.ts <git directory> <ref>.
import { importCommit } from '../../src/git/import.ts';
import { readRef } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';

const [gitDir = '', ref = ''] = process.argv.slice(2);
const repo = openRepository(gitDir);
const sign = { name: 'half', email: '', epochSeconds: 0, zone: '+0000' };

class Endless extends Map<string, string> {
  override *[Symbol.iterator](): MapIterator<[string, string]> {
    for (let step = 0; step < 200_000; step += 1) {
      if (step === 2000) console.log('begun');
      yield [`a-${step}`, 'x'.repeat(1000)];
    }
    return undefined;
  }
}

await importCommit(repo, ref, (await readRef(repo, ref)) ?? null, async () => ({ message: 'half', author: sign, committer: sign, files: new Endless() }));
