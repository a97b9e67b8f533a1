// One of several processes that move one ref: racer.ts refs|import <git directory> <ref> <name> <times>. Prints how often it won.
import { mergeBase, commitTree } from '../../src/git/merging.ts';
import { importCommit } from '../../src/git/import.ts';
import { readRef, RefMoved, updateRefs } from '../../src/git/refs.ts';
import { openRepository } from '../../src/git/repository.ts';
import { gitText } from '../../src/git/run.ts';

const [how, gitDir = '', ref = '', name = '', times] = process.argv.slice(2);
const repo = openRepository(gitDir);
const tree = await gitText(repo, ['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' });

async function byRefs(parent: string | null, step: number): Promise<void> {
  const sign = { name, email: '', epochSeconds: step, zone: '+0000' };
  const to = await commitTree(repo, { tree, parents: parent === null ? [] : [parent], message: `${name} ${step}`, author: sign, committer: sign });
  await updateRefs(repo, [{ ref, from: parent, to }]);
  if (parent !== null && (await mergeBase(repo, parent, to)) !== parent) throw new Error('lost');
}

async function byImport(parent: string | null, step: number): Promise<void> {
  const sign = { name, email: '', epochSeconds: step, zone: '+0000' };
  await importCommit(repo, ref, parent, async (before) => {
    const count = Number((await before.read('count'))?.toString() ?? 0);
    return { message: `${name} ${step}\n`, author: sign, committer: sign, files: new Map([['count', String(count + 1)], [`by/${name}-${step}`, '']]) };
  });
}

let won = 0;
while (won < Number(times)) {
  try {
    await (how === 'refs' ? byRefs : byImport)((await readRef(repo, ref)) ?? null, won);
    won += 1;
  } catch (error) {
    if (!(error instanceof RefMoved)) throw error;
    await new Promise((resume) => setTimeout(resume, performance.now() % 7));
  }
}
console.log(won);
