import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lookAtHub } from '../../src/actions/claims.ts';
import { fetchShared, foldShared, type Hub } from '../../src/ledger/sharing.ts';
import { keepSharing } from '../../src/supervisors/sharing.ts';
import { openTown, signatureOf, type Town } from '../../src/town.ts';
import { cloneOf, machines, newHub, type Clone } from '../helpers/clones.ts';

interface Shown {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly compacted_at_commit?: string;
}

const show = async (clone: Clone, id: string, ...more: string[]): Promise<Shown> => (await clone.json<Shown[]>('show', id, ...more))[0]!;
const create = async (clone: Clone, ...words: string[]): Promise<string> => (await clone.gt('create', ...words, '--silent')).trim();

const clones = suite('two clones');

clones('of which one gives all beads another prefix, and the other goes on writing by the old one', async () => {
  const hub = await newHub();
  const [ours, theirs] = [await cloneOf(hub), await cloneOf(hub)];
  await ours.gt('init', '--no-gate', '--prefix', 'gt');
  const rig = await create(ours, 'Mend the rig');
  await create(ours, 'Weld the pod', '--parent', rig);
  await ours.gt('sync');
  await theirs.gt('init', '--no-gate');

  await ours.gt('rename', rig, 'gt-rig');
  await ours.gt('rename-prefix', 'war');
  await theirs.gt('update', `${rig}.1`, '--title', 'Weld the pod well');
  const tank = await create(theirs, 'Fill the tank', '--deps', rig);
  for (const clone of [ours, theirs, ours]) await clone.gt('sync');

  for (const clone of [ours, theirs]) {
    assert.equal([(await show(clone, rig)).id, (await show(clone, 'gt-rig')).id, (await show(clone, 'rig')).id], ['war-rig', 'war-rig', 'war-rig']);
    assert.equal(await show(clone, `${rig}.1`).then(({ id, title }) => [id, title]), ['war-rig.1', 'Weld the pod well']);
    assert.equal((await clone.json<{ id: string }[]>('dep', 'list', tank)).map(({ id }) => id), ['war-rig']);
    assert.match(await create(clone, 'Take the road'), /^war-[0-9a-z]{5}$/);
    assert.match(await clone.gt('doctor'), /everything is as it should be/);
  }
  assert.match(await theirs.gt('history', `${rig}.1`), /title Weld the pod → Weld the pod well/);
  const refused = await ours.tried('undo', (await ours.git('log', '-1', '--format=%H', '--grep=^Rename [^t]', 'refs/beads/main')).trim());
  assert.is(refused.code, 1);
  assert.match(refused.stderr, /others know the new name already[^]*gt rename gt-rig /);
  await theirs.gt('init', '--no-gate');
  const fresh = await cloneOf(hub);
  await ours.gt('sync');
  await fresh.gt('init', '--no-gate');
  assert.is((await show(fresh, rig)).id, 'war-rig');
});

clones('of which one gives all beads another prefix: the other learns it whatever takes the ledger in, and where it was stopped right after', async () => {
  const { one, other } = await machines();
  const hub: Hub = { remote: 'origin', namespace: 'beads' };
  const there = (): Town => openTown(other.path, () => Date.now());
  const prefix = (): string | undefined => there().rigs[0]?.prefix;
  const renamed = async (to: string): Promise<void> => {
    await one.gt('rename-prefix', to);
    await one.gt('sync', '--quiet');
  };
  const stoppedThen = async (learn: () => Promise<unknown>): Promise<void> => {
    const { hq } = there();
    await fetchShared(hq.repository, hub);
    await foldShared(hq, hub, signatureOf(there(), 'deacon'));
    await learn();
  };

  await renamed('gate');
  await lookAtHub(there(), there().rigs[0]!, signatureOf(there(), 'mayor'));
  assert.is(prefix(), 'gate');

  await renamed('hatch');
  await stoppedThen(() => other.gt('sync', '--quiet'));
  assert.is(prefix(), 'hatch');

  await renamed('latch');
  await stoppedThen(async () => {
    const end = new AbortController();
    const engine = keepSharing(other.path, () => Date.now() + 3_600_000, end.signal);
    for (const until = performance.now() + 10_000; performance.now() < until && prefix() !== 'latch'; ) await new Promise((resume) => setTimeout(resume, 20));
    end.abort();
    await engine;
  });
  assert.is(prefix(), 'latch');
});

clones('of which one lets a summary stand for what the other still writes on', async () => {
  const hub = await newHub();
  const [ours, theirs] = [await cloneOf(hub), await cloneOf(hub)];
  await ours.gt('init', '--no-gate', '--prefix', 'gt');
  const text = 'The brake lines leak. '.repeat(30).trim();
  const id = await create(ours, 'Mend the brakes', '--description', text);
  await ours.gt('close', id);
  await ours.gt('sync');
  await theirs.gt('init', '--no-gate');
  assert.is((await ours.tried('compact', id, '--summary', 'Salt.')).code, 1);
  await ours.gt('compact', id, '--summary', 'Salt.', '--force');
  await theirs.gt('note', id, 'It was the road');
  for (const clone of [ours, theirs, ours]) await clone.gt('sync');
  for (const clone of [ours, theirs]) {
    const now = await show(clone, id) as Shown & { notes: string };
    assert.equal([now.description, now.notes], ['Salt.', 'It was the road']);
    assert.is((await show(clone, id, '--at', now.compacted_at_commit ?? '')).description, text);
    assert.match(await clone.gt('history', id), /description rewritten/);
  }
});

clones.run();
