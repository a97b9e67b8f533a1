import packaged from '../package.json' with { type: 'json' };

/** What we were called as: the name that a shim passed on, or the name of the file that was started. By plain comparisons: the first patterns of a process are dear, and every command asks this. */
function programName(): 'gt' | 'bd' {
  const [, started = ''] = process.argv;
  const passed = process.env['GT_ARGV0'];
  // Programs that we start are named for themselves.
  if (passed !== undefined) delete process.env['GT_ARGV0'];
  // A native executable carries its sources in a file system of its own, and its name in argv0.
  const embedded = started.startsWith('/$bunfs') || started.startsWith(':/~BUN', 1) || started.startsWith(':\\~BUN', 1);
  const path = passed ?? (embedded ? process.argv0 : started);
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return ['bd', 'bd.exe', 'git-bead', 'git-bead.exe'].includes(name) ? 'bd' : 'gt';
}

function bug(error: unknown): void {
  void import('./cli/failure.ts').then(({ tell }) => process.exit(tell(error, false)));
}

/** Picks the face that was called: git's hooks, or the terminal. */
async function main(argv: readonly string[]): Promise<void> {
  const program = programName();
  const [first] = argv;
  if (first === '--version' || first === '-V') {
    // The one line that needs no more than this: loading node:fs for it would add a quarter to an empty program.
    console.log(`${program} ${packaged.version}`);
    return;
  }
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
  const face = first === 'githook' ? (await import('./githooks/main.ts')).main(argv.slice(1)) : (await import('./cli/main.ts')).main(program, argv);
  process.exit(await face);
}

void main(process.argv.slice(2));
