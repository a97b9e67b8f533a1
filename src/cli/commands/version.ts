import packaged from '../../../package.json' with { type: 'json' };
import { defineCommand } from '../command.ts';

export const command = defineCommand({
  name: 'version',
  summary: 'Show which gastown this is, and what it runs on',
  run: async () => ({ version: packaged.version, runtime: process.versions['bun'] === undefined ? `node ${process.versions.node}` : `bun ${process.versions['bun']}`, platform: `${process.platform}-${process.arch}` }),
  *render({ version, runtime, platform }) {
    yield `gastown ${version} (${runtime}, ${platform})`;
  },
});
