import { poke } from '../../actions/poke.ts';
import { sharedLedgers, syncTown, type LedgerFailure, type SyncReport } from '../../actions/sync.ts';
import { claimsRound } from '../../supervisors/claims.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

export const command = defineCommand({
  name: 'sync',
  summary: 'Share the ledger: take in what other clones wrote, and give what was written here',
  options: { remote: { type: 'string', describe: 'by this remote', placeholder: '<name>' } },
  examples: [['sync', 'the engine does this by itself, and every git push carries the ledger along']],
  async run({ remote }, context) {
    const { town, who } = await enter(context);
    // Scripts end their work with bd sync, wherever they run.
    if (context.program === 'bd' && remote === undefined && (await sharedLedgers(town)).length === 0) return { ledgers: [], failures: [] };
    const { ledgers, failures } = await syncTown(town, who, { remote, signal: context.signal, progress: (line) => context.progress(line) });
    if (ledgers.some(({ folded }) => folded.length > 0)) poke(town, context.env);
    const neglected = await claimsRound(town, ledgers);
    const warn = (what: string, { failure }: LedgerFailure): void => context.warn(`gt: ${what}: ${failure.message}${failure.hint === undefined ? '' : `\n  try: ${failure.hint}`}`);
    for (const each of failures) warn(`the ledger of ${each.name} was not shared`, each);
    for (const each of neglected) warn(`the claims of ${each.name} were not looked after`, each);
    return { ledgers, failures: [...failures, ...neglected] };
  },
  *render({ ledgers, failures }) {
    if (ledgers.length === 0 && failures.length === 0) yield 'there is no remote to share the ledger by; what is written here is kept here';
    for (const ledger of ledgers) {
      yield sentence(ledger);
      for (const { replica, since } of ledger.retired) yield `  retired the replica ${replica}, unseen since ${since.slice(0, 10)}`;
      for (const trouble of ledger.troubles) yield `  could not be taken in: ${trouble}`;
      for (const each of ledger.left) yield `  left to the next sync: ${each}`;
    }
  },
  json: ({ ledgers, failures }) => ({ ledgers, failures: failures.map(({ name, failure: { message, code, hint } }) => ({ name, error: message, code, hint })) }),
  exit: ({ ledgers, failures }) => failures[0]?.failure.exit ?? (ledgers.some(({ troubles }) => troubles.length > 0) ? 1 : 0),
});

function sentence({ name, remote, adopted, folded, pushed, replicas }: SyncReport): string {
  const others = replicas === 0 ? 'no other clone shares it yet' : `${replicas} other clone${replicas === 1 ? ' shares' : 's share'} it`;
  if (adopted) return `${name}: the ledger was fetched from ${remote}; ${others}`;
  const came = folded.length > 0 ? `news from ${remote} taken in` : `nothing new on ${remote}`;
  return `${name}: ${came}, ${pushed ? 'news from here pushed' : 'nothing new here'}; ${others}`;
}
