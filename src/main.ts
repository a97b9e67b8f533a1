import packaged from '../package.json' with { type: 'json' };

/** What we were called as: the name that a shim passed on, or the name of the file that was started. */
function programName(): 'gt' | 'bd' {
  // A native executable carries its sources in a file system of its own, and its name in argv0.
  const embedded = /^(\/\$bunfs|[A-Z]:[\\/]~BUN)/.test(process.argv[1] ?? '');
  const path = process.env['GT_ARGV0'] ?? (embedded ? process.argv0 : process.argv[1]) ?? '';
  // Programs that we start are named for themselves.
  delete process.env['GT_ARGV0'];
  return /(^|[\\/])(bd|git-bead)(\.exe)?$/.test(path) ? 'bd' : 'gt';
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
