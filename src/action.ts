import { appendFileSync, promises, readFileSync } from 'node:fs';
import { Failure } from './base/errors.ts';
import { isObject } from './base/jsonl.ts';
import { judgeMentions, mentionsIn, readStates, type PullRequest } from './domain/pull-request.ts';
import { customStatuses } from './domain/status.ts';
import { openLedger } from './reader/ledger.ts';

/** An input of the action, as the runner hands it over. */
function input(name: string): string {
  return (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
}

/** Says something in the words of a workflow; whatever is in the message stays one. */
function say(kind: 'error' | 'notice', message: string): void {
  console.log(`::${kind}::${message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`);
}

/** What the event that started the build says of its pull request; a push has a branch alone. */
function pullRequest(): PullRequest {
  const path = process.env['GITHUB_EVENT_PATH'];
  const event: unknown = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  const found = isObject(event) && isObject(event['pull_request']) ? event['pull_request'] : {};
  const branch = process.env['GITHUB_HEAD_REF'] || process.env['GITHUB_REF_NAME'] || '';
  return { title: String(found['title'] ?? ''), body: String(found['body'] ?? ''), branch };
}

/** Judges the pull request, and answers what the build should end with. */
async function judge(): Promise<number> {
  const ledger = await openLedger({ fs: { promises }, dir: input('path') || process.env['GITHUB_WORKSPACE'] || '.', ref: input('ref') || 'refs/beads/main' });
  const custom = customStatuses(await ledger.settings('config'));
  const expected = readStates(input('state') || 'in_progress hooked', custom);
  const named = input('bead').split(/[\s,]+/).filter((id) => id !== '');
  const mentions = named.length > 0 ? named.map((id) => ({ id, states: undefined })) : mentionsIn(pullRequest(), ledger.prefixes, custom);
  const judgements = judgeMentions(await ledger.all(), mentions, expected, Date.now(), custom);
  for (const { met, why } of judgements) say(met ? 'notice' : 'error', why);
  const output = process.env['GITHUB_OUTPUT'];
  if (output !== undefined && output !== '') appendFileSync(output, `beads=${judgements.map(({ id }) => id).join(' ')}\n`);
  if (judgements.length === 0) {
    const required = input('required') === 'true';
    say(required ? 'error' : 'notice', 'the pull request names no bead: write a line "Bead: <id>" into its text');
    return required ? 1 : 0;
  }
  return judgements.every(({ met }) => met) ? 0 : 1;
}

try {
  process.exitCode = await judge();
} catch (error) {
  const hint = error instanceof Failure && error.hint !== undefined ? `; try: ${error.hint}` : '';
  say('error', `${error instanceof Error ? error.message : String(error)}${hint}`);
  process.exitCode = 1;
}
