import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Repository } from '../../../src/git/repository.ts';
import { temporary } from '../../helpers/temporary.ts';
import { everything, git, replaceGit } from './room.ts';
import type { Turn } from './turn.ts';
import type { Stage, Report } from './world.ts';

replaceGit(everything);
const { inMemory, neverWait } = await import('./in-memory.ts');
const { World } = await import('./world.ts');
const { mainRef } = await import('../../../src/ledger/ledger.ts');
neverWait();

const operations = 40;
const live = (seed: number, changed: (stage: Stage) => Stage = (stage) => stage): Promise<Report> => new World(seed, changed(inMemory(temporary())), operations).run();

const soak = suite('six clones that live through what a seed says (npm run soak for many more)');

for (const seed of [1, 2]) {
  soak(`end with the same commit and hold every acknowledged write: seed ${seed}`, async () => {
    const { faults, events } = await live(seed);
    assert.equal(faults, []);
    for (const event of ['write acknowledged', 'merge', 'partition', 'clone copied with cp -r', 'ledger begun apart that joined', 'bead renamed since its id was taken']) assert.ok((events.get(event) ?? 0) > 0, event);
  });
}

soak('do the very same when the seed is played again', async () => {
  assert.is((await live(4)).print, (await live(4)).print);
});

/** A stage where something else happens before or after each turn. */
function spoiled(stage: Stage, when: 'before' | 'after', spoil: (repository: Repository, turn: Turn, before: string | undefined) => Promise<void>): Stage {
  const places = new Map<number, Repository>();
  const noted = async (clone: number, made: Promise<Repository>): Promise<Repository> => {
    places.set(clone, await made);
    return made;
  };
  return {
    ...stage,
    make: (clone) => noted(clone, stage.make(clone)),
    copy: (from, to) => noted(to, stage.copy(from, to)),
    run: async (turn, overtake) => {
      const repository = places.get(turn.clone);
      if (repository === undefined) throw new Error(`there is no clone ${turn.clone}`);
      const before = await git.readRef(repository, mainRef);
      if (when === 'before') await spoil(repository, turn, before);
      const ran = await stage.run(turn, overtake);
      if (when === 'after') await spoil(repository, turn, before);
      return ran;
    },
  };
}

async function pointTo(repository: Repository, commit: string): Promise<void> {
  await git.updateRefs(repository, [{ ref: mainRef, from: (await git.readRef(repository, mainRef)) ?? null, to: commit }]);
}

const told = suite('it is told');

told('when a write that was acknowledged is not there', async () => {
  const { faults } = await live(5, (stage) => spoiled(stage, 'after', async (repository, turn, before) => {
    if (turn.number % 60 === 0 && before !== undefined) await pointTo(repository, before);
  }));
  assert.match(faults.join('\n'), /was told [0-9a-f]{40}, and clone \d stands at/);
});

told('when a write is lost on its way to the others', async () => {
  const { faults } = await live(5, (stage) => {
    const former: string[] = [];
    return spoiled(stage, 'before', async (repository, { clone, deed }, now) => {
      if (clone !== 3 || now === undefined) return;
      if (former.at(-1) !== now) former.push(now);
      if (deed.verb === 'sync') await pointTo(repository, former[1] ?? now);
    });
  });
  assert.match(faults.join('\n'), /beads were born, and \d+ are there/);
  assert.match(faults.join('\n'), /which is none of/);
});

told('when one clone never hears of the others', async () => {
  const { faults } = await live(5, (stage) => ({ ...stage, run: (turn, overtake) => stage.run(turn.clone === 2 && turn.number > 20 ? { ...turn, online: false } : turn, overtake) }));
  assert.match(faults.join('\n'), /clone 2 ends at/);
});

soak.run();
told.run();
