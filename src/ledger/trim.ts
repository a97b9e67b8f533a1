import { Refused } from '../base/errors.ts';
import { canonical } from '../base/jsonl.ts';
import { timestamp } from '../base/time.ts';
import { listRefs } from '../git/refs.ts';
import { regrow } from '../git/regrow.ts';
import { gitText } from '../git/run.ts';
import { headOf } from './history.ts';
import { formatText, readFormat, widened } from './init.ts';
import { inspect } from './inspection.ts';
import type { Ledger } from './ledger.ts';
import { lockedWrite } from './locked.ts';
import { archives } from './past.ts';
import { formatPath } from './shards.ts';
import type { Signature } from './transact.ts';

/** What a cut of a ledger's history has done, or would do. */
export interface Trimmed {
  /** Commits that are no longer part of the ledger. */
  readonly cut: number;
  /** Commits that were written again behind the cut. */
  readonly kept: number;
  /** The last commit that was cut away; the ledger begins with what it held. */
  readonly until: string;
  /** The ref that keeps the history as it was. */
  readonly archive: string;
  /** The newest commit of the ledger; null for a dry run. */
  readonly commit: string | null;
}

/**
 * Replaces the history before a time (milliseconds since 1970) by one commit of the same tree, counts the cut in the ledger's format, and keeps the whole history under
 * an archive ref. One move under the lock. Throws TrimRefused where nothing is that old, the clone is shallow, or the ledger is damaged and may need its history.
 */
export async function trim(ledger: Ledger, signature: Signature, before: number, dryRun: boolean): Promise<Trimmed> {
  return lockedWrite(ledger, async () => {
    const { repository, ref } = ledger;
    const head = await headOf(ledger);
    if ((await gitText(repository, ['rev-parse', '--is-shallow-repository'])) === 'true') throw new TrimRefused(ledger, 'this clone does not have all of its history', 'git fetch --unshallow');
    const { findings } = await inspect(ledger);
    if (findings.some(({ severity, check }) => severity === 'fault' && check !== 'dependency.circle')) throw new TrimRefused(ledger, 'it is damaged, and its history may be needed to mend it', 'gt doctor');
    const until = await gitText(repository, ['rev-list', '-1', '--first-parent', `--min-age=${Math.floor(before / 1000)}`, head, '--']);
    const [all, old] = await Promise.all([head, until].map(async (commit) => (commit === '' ? 0 : Number(await gitText(repository, ['rev-list', '--count', commit, '--'])))));
    if (until === '' || (old ?? 0) < 2) throw new TrimRefused(ledger, `nothing of it is older than ${timestamp(before)}`, 'gt ledger stats');
    const archive = await freeArchive(ledger);
    const facts = { cut: (old ?? 0) - 1, kept: (all ?? 0) - (old ?? 0), until, archive };
    if (dryRun) return { ...facts, commit: null };
    const { cut = 0, ...format } = widened(await readFormat(ledger), []);
    const author = { name: signature.actor, email: signature.email, epochSeconds: Math.floor(ledger.now() / 1000), zone: '+0000' };
    const change = canonical({ op: 'ledger.trimmed', until, archive, cut: facts.cut });
    const commit = await regrow(repository, ref, {
      root: until, head,
      rootMessage: `Begin with what ${until.slice(0, 12)} held\n\n${change}\n\nActor: ${signature.actor}\n`,
      last: { message: `Cut the history before ${timestamp(before)}\n\n${change}\n\nActor: ${signature.actor}\n`, author, files: new Map([[formatPath, formatText({ ...format, cut: cut + 1 })]]) },
      others: [{ ref: archive, from: null, to: head }],
    });
    return { ...facts, commit };
  });
}

/** The name of an archive of this day that is not taken. */
async function freeArchive(ledger: Ledger): Promise<string> {
  const taken = new Set((await listRefs(ledger.repository, `${archives}/`)).map(({ ref }) => ref));
  const day = `${archives}/${timestamp(ledger.now()).slice(0, 10)}`;
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? day : `${day}-${count}`;
    if (!taken.has(name)) return name;
  }
}

/** The history of a ledger cannot be cut. */
export class TrimRefused extends Refused {
  readonly code = 'ledger.not-trimmed';
  constructor({ prefixes }: Ledger, why: string, hint: string) {
    super(`the history of the ledger for ${prefixes.join(', ')} was not cut: ${why}`, { prefixes, why }, hint);
  }
}
