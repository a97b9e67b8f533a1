// One of several processes that add lines to one note: sender.ts <git directory> <ref> <object> <name> <times>.
import { writeNote } from '../../src/git/notes.ts';
import { RefMoved } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';

const [gitDir = '', ref = '', oid = '', name = '', times] = process.argv.slice(2);
const repo = openRepository(gitDir);
for (let step = 0; step < Number(times); ) {
  try {
    await writeNote(repo, ref, oid, (old) => `${old ?? ''}${name} ${step}\n`, { name, email: '', epochSeconds: step, zone: '+0000' });
    step += 1;
  } catch (error) {
    if (!(error instanceof RefMoved)) throw error;
  }
}
