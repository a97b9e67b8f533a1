import { hashText } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { parseDuration } from '../base/time.ts';
import { Refused } from '../base/errors.ts';
import { settingAt } from './setting.ts';

/** A check that a candidate must pass before it lands: a command that ends with 0. */
export interface Gate {
  readonly name: string;
  readonly command: string;
  /** In milliseconds. */
  readonly timeout: number;
  /** An advisory gate is run and shown, and holds nothing up. */
  readonly required: boolean;
  /** Why its command does not run on this machine; undefined where it may. */
  readonly held?: string;
}

/** One run of a gate. Anything but `pass` is no pass; `unknown`: nobody can say how it ended. */
export interface GateRun {
  readonly verdict: 'pass' | 'fail' | 'timeout' | 'unknown';
  /** RFC 3339. */
  readonly started: string;
  readonly milliseconds: number;
  /** The end of what it printed. */
  readonly tail: string;
  /** Who ran it, and on which replica. */
  readonly signer: string;
}

/** What is known of one gate on one tree: the gate by name and command, where it ran, and every run. */
export interface Verdict {
  readonly gate: string;
  readonly digest: string;
  readonly environment: string;
  readonly attempts: readonly GateRun[];
}

/** How often a gate has failed on trees that it passed in another run, among all its runs. */
export interface FlakeHistory {
  readonly runs: number;
  readonly flakes: number;
}

const defaultTimeout = 600_000;
const gatePattern = /^[A-Za-z0-9_-]{1,40}$/;

/**
 * The gates that the settings of a rig name, sorted by name; an empty list where they say `none`.
 * Throws NoGate where they say nothing, so that nothing lands unseen, and BadGate.
 */
export function gatesOf(settings: Readonly<Record<string, unknown>>, rig: string): Gate[] {
  const configured = settingAt(settings, 'merge_queue.gates');
  if (configured === 'none') return [];
  if (!isObject(configured) || Object.keys(configured).length === 0) throw new NoGate(rig);
  return Object.entries(configured).map(([name, value]) => gateOf(name, value)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether the settings say anything about gates. */
export function hasGates(settings: Readonly<Record<string, unknown>>): boolean {
  return settingAt(settings, 'merge_queue.gates') !== undefined;
}

/** Holds the name of a gate against its grammar. Throws BadGate. */
export function checkGateName(name: string): void {
  if (!gatePattern.test(name)) throw new BadGate(name, 'its name is not made of letters, digits, - and _');
}

function gateOf(name: string, value: unknown): Gate {
  checkGateName(name);
  const { command, timeout = defaultTimeout / 1000, required = true } = isObject(value) ? value : { command: undefined };
  if (typeof command !== 'string' || command.trim() === '') throw new BadGate(name, 'it has no command');
  const milliseconds = parseDuration(String(timeout));
  if (milliseconds <= 0) throw new BadGate(name, 'its timeout is not above zero');
  return { name, command, timeout: milliseconds, required: required !== false && required !== 'false' };
}

/** Tells one command from another, so that a verdict speaks only for the command that was run. */
export function digestOf({ command }: Pick<Gate, 'command'>): string {
  return hashText(command, 12);
}

/** The verdict on one gate among those of a tree. */
export function verdictOn(verdicts: readonly Verdict[], gate: Gate, environment: string): Verdict {
  const digest = digestOf(gate);
  return verdicts.find((known) => known.gate === gate.name && known.digest === digest && known.environment === environment) ?? { gate: gate.name, digest, environment, attempts: [] };
}

/** The verdicts of a tree after one more run; the same run twice is one. */
export function recordRun(verdicts: readonly Verdict[], gate: Gate, environment: string, run: GateRun): Verdict[] {
  const known = verdictOn(verdicts, gate, environment);
  const seen = known.attempts.some((attempt) => attempt.started === run.started && attempt.signer === run.signer);
  const next = seen ? known : { ...known, attempts: [...known.attempts, run] };
  const key = ({ gate: name, digest, environment: where }: Verdict): string => `${name} ${digest} ${where}`;
  return [...verdicts.filter((other) => key(other) !== key(next)), next].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const innocent = 0.0005;
/** What is assumed of a gate that nobody knows yet: one flake in fifty runs. */
const prior: FlakeHistory = { runs: 50, flakes: 1 };
const mostRuns = 12;

/** How often a gate must fail on one tree before chance is out of the question: f^runs < 0.0005, where f is its flake rate, at least 2 %. */
export function runsBeforeBlame({ runs, flakes }: FlakeHistory): number {
  const rate = Math.min(0.5, Math.max(prior.flakes / prior.runs, (flakes + prior.flakes) / (runs + prior.runs)));
  return Math.min(mostRuns, Math.floor(Math.log(innocent) / Math.log(rate)) + 1);
}

/** The history of a gate from its verdicts on many trees. */
export function flakeHistory(verdicts: Iterable<Verdict>): FlakeHistory {
  let [runs, flakes] = [0, 0];
  for (const { attempts } of verdicts) {
    runs += attempts.length;
    if (isPassed(attempts)) flakes += attempts.filter(({ verdict }) => verdict !== 'pass').length;
  }
  return { runs, flakes };
}

/** Whether one run has passed: then the tree is never tested again, whatever else was seen. */
export function isPassed(attempts: readonly GateRun[]): boolean {
  return attempts.some(({ verdict }) => verdict === 'pass');
}

/** A pass that needed more than one run. */
export function isFlaky({ attempts }: Pick<Verdict, 'attempts'>): boolean {
  return isPassed(attempts) && attempts.some(({ verdict }) => verdict !== 'pass');
}

/** Nothing says how a candidate is checked, so the queue does not start. */
export class NoGate extends Refused {
  readonly code = 'gate.none';
  constructor(rig?: string) {
    const set = `gt config set ${rig === undefined ? '' : `--rig ${rig} `}merge_queue.gates`;
    super('the merge queue has no gate, so it lands nothing', { rig }, `${set}.test.command '<command>', or, to land without a check: ${set} none`);
  }
}

/** A gate whose settings say nothing that could be run. */
export class BadGate extends Refused {
  readonly code = 'gate.bad';
  constructor(name: string, why: string) {
    super(`the gate ${JSON.stringify(name.slice(0, 60))} cannot be run: ${why}`, { name, why }, `gt config set merge_queue.gates.${gatePattern.test(name) ? name : '<name>'}.command '<command>'`);
  }
}
