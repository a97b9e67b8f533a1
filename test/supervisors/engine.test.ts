import { renameSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readState, statePath } from '../../src/ledger/ledger.ts';
import { engineFile, runEngine } from '../../src/supervisors/engine.ts';
import { openTown, townState } from '../../src/town.ts';
import { ownEnvironment } from '../helpers/temporary.ts';
import { soloTown } from '../helpers/town.ts';

const engine = suite('the engine');

engine('ends as it should when the town is gone, whoever sees it first', async () => {
  const path = await soloTown();
  const { repository } = openTown(path, () => Date.now()).hq;
  const running = runEngine(path, () => Date.now(), ownEnvironment(), new AbortController().signal, () => undefined).then(() => 'ended', (error: { code?: string }) => error.code);
  while (readState(repository, engineFile) === undefined) await new Promise((resume) => setTimeout(resume, 10));
  renameSync(statePath(repository, townState), statePath(repository, 'town.gone'));
  assert.is(await running, 'town.missing');
  assert.is(readState(repository, engineFile), undefined);
});

engine.run();
