import { isObject } from '../base/jsonl.ts';

/** Reads a file at the top of a project; undefined where there is none. */
export type ReadFile = (path: string) => Promise<string | undefined>;

/** What npm writes where nobody has written a test. */
const npmPlaceholder = /no test specified/;

/** The command that runs a project's own tests in a fresh checkout, by the files at its top; undefined where none is known. */
export async function proposeGate(read: ReadFile): Promise<string | undefined> {
  return (await npmTest(read)) ?? (await firstOf(read)) ?? (await makeTest(read)) ?? pythonTest(read);
}

async function npmTest(read: ReadFile): Promise<string | undefined> {
  const manifest = parse(await read('package.json'));
  const scripts = manifest?.['scripts'];
  if (!isObject(scripts) || typeof scripts['test'] !== 'string' || npmPlaceholder.test(scripts['test'])) return undefined;
  const locks: [string, string, string][] = [
    ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile', 'pnpm test'],
    ['yarn.lock', 'yarn install --frozen-lockfile', 'yarn test'],
    ['package-lock.json', 'npm ci', 'npm test'],
  ];
  for (const [lock, install, test] of locks) if ((await read(lock)) !== undefined) return needsInstall(manifest) ? `${install} && ${test}` : test;
  return needsInstall(manifest) ? 'npm install && npm test' : 'npm test';
}

/** A gate runs in a checkout of its own, where nothing is installed yet. */
function needsInstall(manifest: Readonly<Record<string, unknown>> | undefined): boolean {
  return ['dependencies', 'devDependencies', 'workspaces'].some((key) => Object.keys(manifest?.[key] ?? {}).length > 0);
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function firstOf(read: ReadFile): Promise<string | undefined> {
  const commands: [string, string][] = [
    ['Cargo.toml', 'cargo test'],
    ['go.mod', 'go test ./...'],
    ['gradlew', './gradlew test'],
    ['pom.xml', 'mvn --batch-mode test'],
    ['mix.exs', 'mix test'],
  ];
  for (const [file, command] of commands) if ((await read(file)) !== undefined) return command;
  return undefined;
}

async function makeTest(read: ReadFile): Promise<string | undefined> {
  for (const name of ['Makefile', 'makefile', 'GNUmakefile']) if (/^test\s*:(?!=)/m.test((await read(name)) ?? '')) return 'make test';
  return undefined;
}

async function pythonTest(read: ReadFile): Promise<string | undefined> {
  if ((await read('pytest.ini')) !== undefined || /\bpytest\b/.test((await read('pyproject.toml')) ?? '') || /\[tool:pytest\]/.test((await read('setup.cfg')) ?? '')) return 'python3 -m pytest';
  return (await read('tox.ini')) === undefined ? undefined : 'tox';
}
