// time limit: 600 s
// UPDATE=1 rewrites the files with what the native build prints.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noOtherNodes, programs, root, underOtherNodes } from './helpers/programs.ts';
import { skip } from './helpers/skip.ts';
import { environment, temporary } from './helpers/temporary.ts';
import { difference, parseTranscript, runTranscript, Samples, updateTranscript } from './helpers/transcript.ts';

const folder = join(root, 'test/transcripts');
const files = [
  join(root, 'README.md'),
  ...(existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')).sort().map((name) => join(folder, name)) : []),
].filter((path) => existsSync(path));

const transcripts = suite('a transcript');
const others = underOtherNodes();
const builds = [...programs.map((program) => ({ build: program.name, program })), ...others.map(({ version, program }) => ({ build: `node ${version}`, program }))];

for (const path of files) {
  for (const { build, program } of builds) {
    transcripts(`${path.slice(root.length + 1)} goes as written (${build})`, async () => {
      const markdown = readFileSync(path, 'utf8');
      const mismatches = await runTranscript(parseTranscript(markdown), (home) => environment(home, [program.folder]), temporary());
      if (process.env.UPDATE && program.name === 'native') writeFileSync(path, updateTranscript(markdown, mismatches));
      else assert.ok(mismatches.length === 0, `\n${mismatches.map(difference).join('\n\n')}\n`);
    });
  }
}

if (others.length === 0) skip(transcripts, 'goes as written under newer Nodes', noOtherNodes);

transcripts.run();

const sample = `
<!-- varies: web-k3f9x -->
\`\`\`console
$ echo made web-$((6*7))
made web-k3f9x
$ echo web-k3f9x.1 && cd /
web-k3f9x.1
$ pwd; cat <<END
> one
> END
...
one
$ false
[exit 1]
\`\`\`
<!-- transcript: off -->
\`\`\`sh
$ exit 9
\`\`\`
<!-- transcript: on -->
\`\`\`sh
npm test
\`\`\`
`;

const runner = suite('the transcript runner');

runner('holds the shell’s place, binds samples, reads exit statuses', async () => {
  assert.is((await runTranscript(parseTranscript(sample), environment, temporary())).map(difference).join('\n'), '');
});

runner('shows what differs and can take it over', async () => {
  const wrong = sample.replace('made web-k', 'done web-k').replace('[exit 1]', '[exit 2]');
  const mismatches = await runTranscript(parseTranscript(wrong), environment, temporary());
  assert.match(mismatches.map(difference).join('\n'), /- done web-k3f9x\n {2}\+ made web-42\n/);
  assert.match(mismatches.map(difference).join('\n'), /- \[exit 2\]\n {2}\+ \[exit 1\]/);
  assert.match(updateTranscript(wrong, mismatches), /\n\[exit 1\]\n/);
});

runner('tells a sample that stands for two things', () => {
  const samples = new Samples(['hq-aaaaa', 'hq-aaaa']);
  assert.ok(samples.matches(['hq-aaaaa and hq-aaaaa'], ['hq-1 and hq-1']));
  assert.not.ok(samples.matches(['hq-aaaaa'], ['hq-2']));
  assert.ok(samples.matches(['...', 'b ... d', '...'], ['a', 'b c d']));
  assert.not.ok(samples.matches(['hq-aaaa hq-aaaa'], ['hq-3 hq-4']));
  assert.is(samples.fill('gt show hq-aaaaa'), 'gt show hq-1');
});

runner.run();
