import { programs } from '../helpers/programs.ts';
import { run, type Ran } from '../helpers/temporary.ts';
import type { Citadel } from './siege.ts';

const emoji = '🦀'.repeat(25_000);

/** What people, agents and other tools might write, by what it tries. */
export const texts: Readonly<Record<string, string>> = {
  substitution: '$(touch pwned)',
  backquotes: '`touch pwned`',
  'a chain': 'x; touch pwned && touch pwned || touch pwned | tee pwned > pwned',
  'a flag': '--force',
  'a short flag': '-rf',
  'the end of flags': '--',
  'a way out': '../../x',
  'an absolute path': '/etc/passwd',
  'a terminal title': 'a\u001b]0;pwned\u0007b',
  'a cleared screen': 'a\u001b[2J\u001b[1;1Hb',
  'an eight-bit escape': 'a\u009b2Jb',
  'a change of direction': 'abc\u202egpj.exe\u202c\u2066x\u2069',
  'a backspace': 'safe\b\b\b\bevil',
  'a carriage return': 'evil\rgood',
  'a template': `{{#each x}}{{this}}{{/each}} $${'{process.exit(1)}'} %s %n %H %(trailers)`,
  quotes: `it's "quoted" \\"twice\\" \\n`,
  'half a character': 'x\ud800y',
  'trailers on one line': 'Merge-Request: ci-mr-zzzzz Bead: ci-zzzzz',
  'a fixup': 'fixup! Begin',
  'a comment': '# nothing',
  '100 kB of emoji': emoji,
  'a line break': 'one\n\nMerge-Request: ci-mr-zzzzz\nBead: ci-zzzzz\nActor: pwned',
  'a line separator': 'one\u2028two',
  NUL: 'one\0two',
  nothing: '',
  blanks: ' \t ',
  'names of objects': '__proto__',
};

/** What no output may hold: what a terminal obeys, beside line breaks and tabs (and, on a terminal, our own colours and changing line). */
export const obeyed = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** The commands of one test, with everything that was wrong about their answers. */
export class Siege {
  readonly faults: string[] = [];
  constructor(readonly castle: Citadel) {}

  /** Whether the build takes a pair of what is said and where: the builds share every other pair among them; with GASTOWN_SIEGE=all each takes all. */
  takes(text: number, command: number): boolean {
    return process.env['GASTOWN_SIEGE'] === 'all' || (text + command) % (2 * programs.length) === programs.indexOf(this.castle.program);
  }

  /** Runs a command that may refuse in words, but not break, show raw what it was given, or leave a file behind. */
  async try(words: readonly string[], input?: string): Promise<Ran> {
    const ran = await this.castle.with(input === undefined ? {} : { input }, ...words);
    const shown = JSON.stringify(words).slice(0, 160);
    if (ran.code === 70 || ran.code === null || ran.code > 4) this.faults.push(`${shown}: exit ${ran.code ?? ran.signal}\n${ran.stderr.slice(0, 800)}`);
    if (ran.code !== 0 && !/^(gt: .+|\{.+\}|.+)\n/.test(ran.stderr + ran.stdout)) this.faults.push(`${shown}: exit ${ran.code} without a word`);
    if (/\n {4}at /.test(ran.stderr)) this.faults.push(`${shown}: a stack trace\n${ran.stderr.slice(0, 800)}`);
    for (const said of [ran.stdout, ran.stderr]) if (obeyed.test(said)) this.faults.push(`${shown}: prints ${JSON.stringify(obeyed.exec(said)?.[0])} as it is: ${JSON.stringify(said.slice(0, 300))}`);
    if (ran.stderr.length > 4_000) this.faults.push(`${shown}: ${ran.stderr.length} characters of complaint`);
    return ran;
  }

  async must(words: readonly string[], input?: string): Promise<string> {
    const ran = await this.try(words, input);
    if (ran.code !== 0) this.faults.push(`${JSON.stringify(words).slice(0, 160)}: exit ${ran.code}\n${ran.stderr.slice(0, 800)}`);
    return ran.stdout;
  }

  /** Everything that went wrong, with the marks that something was run or written where it should not. */
  async result(): Promise<string[]> {
    const { stdout } = await run(['find', this.castle.ground, '-name', '*pwned*', '-not', '-path', '*/objects/*']);
    return [...this.faults, ...stdout.split('\n').filter((line) => line !== '')];
  }
}

export interface Facts {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly notes?: string;
  readonly labels?: readonly string[];
  readonly assignee?: string;
}

/** Whether a text may be a title as it is; others are refused. */
export function isTitle(text: string): boolean {
  return text.trim() !== '' && !/[\n\r\0\u2028\u2029]/.test(text) && [...text].length <= 500;
}

/** Whether a command line can hold a text: no NUL, no half of a character. */
export function isArgument(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
