import type { Ledger } from '../ledger/ledger.ts';
import { measureLedger, type Size } from '../ledger/size.ts';
import { trim, type Trimmed } from '../ledger/trim.ts';
import type { Signature } from '../ledger/transact.ts';

/** What is known of a ledger by the prefix of its new beads. */
export type OfLedger<T> = T & { readonly ledger: string };

/** How large each of these ledgers is. */
export async function ledgerSizes(ledgers: readonly Ledger[]): Promise<OfLedger<Size>[]> {
  const found: OfLedger<Size>[] = [];
  for (const ledger of ledgers) found.push({ ledger: ledger.prefixes[0] ?? '', ...(await measureLedger(ledger)) });
  return found;
}

/** Cuts the history of one ledger before a time. Throws TrimRefused. */
export async function trimLedger(ledger: Ledger, who: Signature, before: number, dryRun: boolean): Promise<OfLedger<Trimmed> & { readonly dry_run: boolean }> {
  return { ledger: ledger.prefixes[0] ?? '', ...(await trim(ledger, who, before, dryRun)), dry_run: dryRun };
}
