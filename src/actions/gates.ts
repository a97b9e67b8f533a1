import { gatesOf, type Gate } from '../domain/gate.ts';
import { settingAt } from '../domain/setting.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { commandAt, whyUntrusted, type Runnable } from '../ledger/trust.ts';
import type { Rig, Town } from '../town.ts';
import { isQueueEmpty } from './queue.ts';
import { layersOf, overlaid, type Layer } from './settings.ts';
import { mayRun, type Confirm } from './trust.ts';

/** The gates of a rig, each with the reason why its command does not run in this clone, where there is one. Throws NoGate and BadGate. */
export async function gatesHere(town: Town, rig: Rig): Promise<Gate[]> {
  const layers = await layersOf(town, rig);
  return Promise.all(
    gatesOf(overlaid(layers), rig.name).map(async (gate) => {
      const found = commandIn(layers, gate);
      const held = found && (await whyUntrusted(found.ledger.repository, found.runnable));
      return held === undefined ? gate : { ...gate, held: held.sentence };
    }),
  );
}

/** The command of a gate in the ledger that says it; undefined where a file on this machine does. */
function commandIn(layers: readonly Layer[], { name, command }: Gate): { readonly ledger: Ledger; readonly runnable: Runnable } | undefined {
  const key = `merge_queue.gates.${name}.command`;
  const written = layers.findLast(({ values }) => settingAt(values, key) !== undefined)?.written;
  return written && { ledger: written.ledger, runnable: commandAt(written.values, key, command, `the gate ${name}`) };
}

/** Asks a person once whether the gates may run that other clones have written, where anything waits to land. */
export async function askForGates(town: Town, rigs: readonly Rig[], confirm: Confirm): Promise<void> {
  for (const rig of rigs) {
    if (await isQueueEmpty(rig)) continue;
    const layers = await layersOf(town, rig);
    for (const gate of gatesOf(overlaid(layers), rig.name)) {
      const found = commandIn(layers, gate);
      if (found !== undefined) await mayRun(found.ledger, found.runnable, confirm);
    }
  }
}
