import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { environment } from '../helpers/temporary.ts';
import { programs, root } from '../helpers/programs.ts';
import { breaker, build, disprove, isSettled, readBeads, readLandings, rivals, workers, type Scenario } from './scenario.ts';

const patience = 180_000;
const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`;
const say = (line: string): void => console.log(`${seconds()}  ${line}`);

interface EventFacts {
  readonly id: string;
  readonly kind: string;
  readonly agent?: string;
  readonly subject?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Tells the events of the town as they come in. */
async function follow(scenario: Scenario, told: Set<string>): Promise<void> {
  const events = JSON.parse(await scenario.gt('log', '--json', '--limit', '500')) as EventFacts[];
  for (const { id, kind, agent, subject, data } of events) {
    if (told.has(id) || kind.startsWith('engine.') || kind === 'work.queued') continue;
    told.add(id);
    say(`${kind.padEnd(17)} ${subject ?? ''} ${agent ?? ''} ${String(data?.['message'] ?? data?.['reason'] ?? '')}`.trimEnd());
  }
}

async function untilSettled(scenario: Scenario): Promise<void> {
  const told = new Set<string>();
  for (const end = performance.now() + patience; ; ) {
    await follow(scenario, told);
    if (await isSettled(scenario)) return follow(scenario, told);
    if (performance.now() > end) throw new Error(`not settled after ${patience / 1000} s\n${await scenario.gt('status')}\n${await scenario.gt('scheduler', 'status')}\n${await scenario.gt('mq', 'list')}`);
    await new Promise((resume) => setTimeout(resume, 300));
  }
}

async function summary(scenario: Scenario): Promise<void> {
  const beads = new Map((await readBeads(scenario)).map((bead) => [bead.id, bead]));
  const landings = await readLandings(scenario);
  const gates = (JSON.parse(await scenario.gt('log', '--json', '--kind', 'gate.', '--limit', '1000')) as EventFacts[]).length;
  console.log(`\n${scenario.branch} of the hub, oldest landing first:`);
  for (const { commit, request, bead } of landings) console.log(`  ${commit.slice(0, 10)}  ${bead.padEnd(12)} ${request.padEnd(18)} ${beads.get(bead)?.title ?? ''}`);
  console.log('\nback, with evidence:');
  for (const id of [...rivals, breaker]) {
    const bead = beads.get(id);
    if (bead?.status === 'closed') continue;
    console.log(`  ${id.padEnd(12)} ${bead?.title}`);
    for (const { outcome, evidence } of bead?.attempts ?? []) console.log(`    ${outcome}: ${evidence.trim().split('\n').slice(-3).join(' / ')}`);
  }
  console.log(`\n${scenario.beads.length} beads, ${landings.length} landings, ${gates} gate runs, ${workers} workers, ${((performance.now() - began) / 1000).toFixed(1)} seconds`);
}

async function main(): Promise<number> {
  const repository = resolve(process.argv[2] ?? root);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gt-demo-')));
  const program = programs[0]?.argv ?? [];
  const env = environment(join(folder, 'home'), [programs[0]?.folder ?? '']);
  let scenario: Scenario | undefined;
  try {
    scenario = await build(folder, { repository, beads: 'demo.jsonl', program, env, say });
    await scenario.gt('scheduler', 'resume');
    await scenario.gt('up');
    await untilSettled(scenario);
    await scenario.gt('down');
    await summary(scenario);
    const wrong = await disprove(scenario);
    for (const claim of wrong) console.log(`NOT TRUE: ${claim}`);
    if (wrong.length === 0) console.log('every claim above was checked against git');
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await scenario?.gt('down', '--all').catch(() => undefined);
    if (process.env['KEEP']) console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
