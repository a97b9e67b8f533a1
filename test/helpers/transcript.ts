import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/*
 * A transcript is a Markdown file whose fenced `console` or `sh` blocks with `$ ` lines are run and compared:
 *
 *   $ gt bead create "Fix the gate"      one command; lines that begin with `> ` right below continue it
 *   created web-k3f9x                    what it prints, stdout and stderr together, spaces at line ends aside
 *   [exit 1]                             its exit status, when that is not 0
 *
 * All commands of a file run in one sh, in order, in a home of their own, which prints as ~.
 *   ...            on a line of its own: any lines, or none; inside a line: any text of that line
 *   <!-- varies: web-k3f9x 1a2b3c4 -->   anywhere in the file, once: these words are samples. At first sight a sample matches any one word
 *                  of letters, digits, _ and -; from then on, in output and in commands, it stands for that word.
 *   <!-- transcript: off --> … <!-- transcript: on -->   blocks between are only read.
 */

/** One command of a transcript, with what it should print. `line` is where its output begins in the file, counted from 0. */
export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
  readonly exit: number;
  readonly line: number;
  /** How many lines of the file the output and the exit status take. */
  readonly length: number;
}

export interface Transcript {
  readonly steps: readonly Step[];
  readonly samples: readonly string[];
}

/** Reads the commands and what they should print out of a Markdown text. */
export function parseTranscript(markdown: string): Transcript {
  const samples = [...markdown.matchAll(/<!-- varies: (.+?) -->/g)].flatMap(([, words]) => (words ?? '').trim().split(/\s+/));
  const lines = markdown.split('\n');
  const steps: Step[] = [];
  let inside = false;
  let off = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line === '<!-- transcript: off -->') off = true;
    else if (line === '<!-- transcript: on -->') off = false;
    else if (line.startsWith('```')) inside = !inside && !off && /^```(console|sh)$/.test(line);
    if (!inside || !line.startsWith('$ ')) continue;
    const command = [line.slice(2)];
    while (lines[at + 1]?.startsWith('> ')) command.push((lines[++at] ?? '').slice(2));
    const begin = at + 1;
    while (at + 1 < lines.length && !/^(\$ |```)/.test(lines[at + 1] ?? '')) at++;
    const printed = lines.slice(begin, at + 1);
    const exit = /^\[exit (\d+)\]$/.exec(printed.at(-1) ?? '');
    const expected = exit ? printed.slice(0, -1) : printed;
    steps.push({ command: command.join('\n'), expected: trimEnd(expected), exit: Number(exit?.[1] ?? 0), line: begin, length: printed.length });
  }
  return { steps, samples };
}

function trimEnd(lines: readonly string[]): string[] {
  const trimmed = lines.map((line) => line.trimEnd());
  while (trimmed.at(-1) === '') trimmed.pop();
  return trimmed;
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The samples of a transcript and what they have stood for so far. */
export class Samples {
  readonly #words: readonly string[];
  readonly #known = new Map<string, string>();

  constructor(words: readonly string[]) {
    this.#words = [...words].sort((a, b) => b.length - a.length); // longest first: one may begin another
  }

  #split(text: string): string[] {
    if (this.#words.length === 0) return [text];
    return text.split(new RegExp(`(?<!\\w)(${this.#words.map(escape).join('|')})(?!\\w)`));
  }

  /** Puts what the samples stand for in their place. */
  fill(text: string): string {
    return this.#split(text).map((part) => this.#known.get(part) ?? part).join('');
  }

  /** Puts the samples in the place of what they stand for. */
  hide(text: string): string {
    for (const [sample, actual] of this.#known) text = text.replaceAll(actual, sample);
    return text;
  }

  /** Compares, and remembers what samples seen for the first time stood for. */
  matches(expected: readonly string[], actual: readonly string[]): boolean {
    const fresh: string[] = [];
    const word = (part: string): string => {
      const known = this.#known.get(part);
      if (known !== undefined) return escape(known);
      const before = fresh.indexOf(part);
      if (before >= 0) return `\\${before + 1}`;
      fresh.push(part);
      return '([\\w-]+)';
    };
    const pattern = expected.map((line) => {
      if (line.trim() === '...') return '(?:[^\\n]*\\n)*?';
      const parts = this.#split(line).map((part, index) => (index % 2 === 1 ? word(part) : part.split('...').map(escape).join('[^\\n]*')));
      return `${parts.join('')}\\n`;
    });
    const match = new RegExp(`^${pattern.join('')}$`).exec(actual.map((line) => `${line}\n`).join(''));
    if (!match) return false;
    for (const [index, sample] of fresh.entries()) this.#known.set(sample, match[index + 1] ?? '');
    return true;
  }
}

export interface Answer {
  readonly lines: readonly string[];
  readonly exit: number;
}

/** One sh that runs commands in order and stays where they left it. */
export class Shell {
  readonly #child;
  readonly #home: string;
  readonly #mark = `--- ${Math.random().toString(36).slice(2)} `;
  #text = '';
  #wake: () => void = () => {};
  #ended = false;

  /** Starts in `home`, which output shows as ~. */
  constructor(home: string, env: Readonly<Record<string, string>>) {
    this.#home = home;
    this.#child = spawn('sh', { cwd: home, env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const take = (chunk: string) => {
      this.#text += chunk;
      this.#wake();
    };
    this.#child.stdout.setEncoding('utf8').on('data', take);
    this.#child.stderr.setEncoding('utf8').on('data', take);
    this.#child.stdin.on('error', () => {}); // told by the exit below
    this.#child.on('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async run(command: string, timeoutMs = 60_000): Promise<Answer> {
    this.#text = '';
    this.#child.stdin.write(`{\n${command}\n} 2>&1 </dev/null\nprintf '\\n%s%s\\n' '${this.#mark}' $?\n`);
    const end = new RegExp(`\\n${escape(this.#mark)}(\\d+)\\n`);
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = end.exec(this.#text);
      if (found) return { lines: this.#shown(this.#text.slice(0, found.index)), exit: Number(found[1]) };
      const left = until - performance.now();
      if (this.#ended || left <= 0) {
        return { lines: [...this.#shown(this.#text), this.#ended ? 'the shell has ended' : `no end after ${timeoutMs / 1000} s`], exit: -1 };
      }
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }

  #shown(text: string): string[] {
    return trimEnd(text.replaceAll(this.#home, '~').split('\n'));
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A step that printed something else than the transcript says. */
export interface Mismatch {
  readonly step: Step;
  /** What it printed, with samples in the place of what they stand for. */
  readonly actual: Answer;
}

/** Runs every step in a fresh home and answers those that went another way. */
export async function runTranscript(
  transcript: Transcript,
  environment: (home: string) => Record<string, string>,
  folder: string,
): Promise<Mismatch[]> {
  const home = realpathSync(mkdtempSync(join(folder, 'h')));
  const shell = new Shell(home, environment(home));
  const samples = new Samples(transcript.samples);
  const mismatches: Mismatch[] = [];
  try {
    for (const step of transcript.steps) {
      const answer = await shell.run(samples.fill(step.command));
      if (samples.matches(step.expected, answer.lines) && answer.exit === step.exit) continue;
      mismatches.push({ step, actual: { exit: answer.exit, lines: answer.lines.map((line) => samples.hide(line)) } });
      if (answer.exit === -1) break;
    }
  } finally {
    shell.stop();
  }
  return mismatches;
}

function print({ lines, exit }: Answer): string[] {
  return exit === 0 ? [...lines] : [...lines, `[exit ${exit}]`];
}

/** Shows what a step should have printed beside what it did: lines that both have once, the others with - and +. */
export function difference({ step, actual }: Mismatch): string {
  const expected = print({ lines: step.expected, exit: step.exit });
  const got = print(actual);
  let same = 0;
  while (same < expected.length && same < got.length && expected[same] === got[same]) same++;
  let tail = 0;
  while (tail < Math.min(expected.length, got.length) - same && expected.at(-1 - tail) === got.at(-1 - tail)) tail++;
  return [
    `line ${step.line}: $ ${step.command}`,
    ...expected.slice(0, same).map((line) => `    ${line}`),
    ...expected.slice(same, expected.length - tail).map((line) => `  - ${line}`),
    ...got.slice(same, got.length - tail).map((line) => `  + ${line}`),
    ...expected.slice(expected.length - tail).map((line) => `    ${line}`),
  ].join('\n');
}

/** Rewrites the text so that the steps that went another way expect what they printed. */
export function updateTranscript(markdown: string, mismatches: readonly Mismatch[]): string {
  const lines = markdown.split('\n');
  for (const { step, actual } of [...mismatches].reverse()) lines.splice(step.line, step.length, ...print(actual));
  return lines.join('\n');
}
