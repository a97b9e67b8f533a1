import { Usage } from '../base/errors.ts';
import { setSetting, settingAt, type SettingChange } from '../domain/setting.ts';
import { proposeGate, type ReadFile } from './gate-proposal.ts';

/** What was said about the gate of a repository. */
export interface GateWish {
  /** The command of the gate. */
  readonly gate?: string | undefined;
  /** Requests land without one. */
  readonly noGate: boolean;
  /** Takes what is proposed. */
  readonly yes: boolean;
  confirm(question: string, byDefault: boolean): Promise<boolean | undefined>;
}

/** What a candidate has to pass before it lands, as far as that is settled. */
export type GateChoice =
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'none' }
  /** Nobody has said yes; `proposal` is the project's own test command, where one is known. */
  | { readonly kind: 'undecided'; readonly proposal: string | undefined };

/** Settles the gate of a repository: what was said, what is set already, or the project's own tests on a yes. */
export async function chooseGate(wish: GateWish, known: Readonly<Record<string, unknown>>, read: ReadFile): Promise<GateChoice> {
  if (wish.gate !== undefined) return { kind: 'command', command: checkGate(wish.gate, wish.noGate) };
  if (wish.noGate) return { kind: 'none' };
  const set = knownGate(known);
  if (set !== undefined) return set;
  const proposal = await proposeGate(read);
  if (proposal === undefined) return { kind: 'undecided', proposal };
  const agreed = wish.yes || (await wish.confirm(`Should every change pass "${proposal}" before it lands?`, true));
  return agreed === true ? { kind: 'command', command: proposal } : { kind: 'undecided', proposal };
}

function checkGate(command: string, noGate: boolean): string {
  if (noGate) throw new BadGate('--gate and --no-gate exclude each other', command);
  if (command.trim() === '' || command.includes('\0')) throw new BadGate(`${JSON.stringify(command)} is no command`, command);
  return command;
}

function knownGate(settings: Readonly<Record<string, unknown>>): GateChoice | undefined {
  const gates = settingAt(settings, 'merge_queue.gates');
  if (gates === 'none') return { kind: 'none' };
  const command = Object.values((gates ?? {}) as Record<string, { command?: unknown } | undefined>).find((gate) => typeof gate?.command === 'string')?.command;
  return typeof command === 'string' ? { kind: 'command', command } : undefined;
}

/** Writes a choice down. */
export function gateChanges(settings: Readonly<Record<string, unknown>>, choice: GateChoice): SettingChange[] {
  if (choice.kind === 'undecided') return [];
  if (choice.kind === 'none') return setSetting(settings, 'config', 'merge_queue.gates', 'none');
  const known = knownGate(settings);
  if (known?.kind === 'command' && known.command === choice.command) return [];
  return setSetting(settings, 'config', 'merge_queue.gates.test.command', choice.command);
}

/** What was said about the gate cannot be done. */
export class BadGate extends Usage {
  readonly code = 'gate.bad';
  constructor(why: string, command: string) {
    super(why, { command }, '--gate "npm test", or --no-gate');
  }
}
