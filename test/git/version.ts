// Prints the version of git, or the code and the words of the failure; with a git directory, after running git there.
import type { Failure } from '../../src/base/errors.ts';
import { openRepository } from '../../src/git/repository.ts';
import { requireGit, runGit } from '../../src/git/run.ts';

const [gitDir] = process.argv.slice(2);
try {
  if (gitDir !== undefined) await runGit(openRepository(gitDir), ['cat-file', '--batch-command']);
  console.log(await requireGit());
} catch (error) {
  const { code, message } = error as Failure;
  console.log(`${code}: ${message}`);
}
