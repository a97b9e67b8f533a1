// Works on the queues of the town at a folder, in a process that a test may kill.
import { openTown } from '../../src/town.ts';
import { runQueues } from '../../src/supervisors/refinery.ts';

const report = await runQueues(openTown(process.argv[2] ?? '.', () => Date.now()), undefined, { env: process.env });
process.stdout.write(JSON.stringify(report));
