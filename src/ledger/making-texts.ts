import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { isBuiltIn, isDone, type Bead } from '../domain/bead.ts';
import { matches } from '../domain/matching.ts';
import { openWork } from '../domain/query.ts';
import { inReadyOrder } from '../domain/ready.ts';
import { attempt, cachePath, readCache, version, writeCache } from './cache-file.ts';
import type { Ledger } from './ledger.ts';
import { beadIn, countsIn } from './projection.ts';
import { openMark, plainId, plainText, spelled, textsName, type Place, type TextsHeader } from './texts.ts';

/** Where the line of a bead stands in the file `live`. */
interface Line {
  readonly begin: number;
  readonly length: number;
}

/** Makes the file `texts` from the file `live`, where that is whole and there is a place to write to. */
export function makeTexts(ledger: Ledger): void {
  const [live, edges] = [readCache(ledger, 'live'), readCache(ledger, 'edges')];
  if (live === undefined || edges?.header.commit !== live.header.commit || attempt(() => (accessSync(dirname(cachePath(ledger, textsName)), constants.W_OK), true)) === undefined) return;
  const { commit } = live.header;
  const lines = linesIn(live.body, Buffer.byteLength(JSON.stringify(live.header)));
  if (lines === undefined) return;
  const dependents = countsIn(edges.body.toString('utf8'));
  const [entries, texts]: [string[], string[]] = [[], []];
  let [begin, end] = [0, 0];
  for (const bead of inReadyOrder([...lines.keys()])) {
    const line = lines.get(bead)!;
    const open = isBuiltIn(bead.status) && matches(openWork, bead);
    const text = `${plainText(bead.title)}\u0001${plainText(bead.description)}\u0001${spelled(begin)}${open ? openMark : 'X'}\n`;
    end += Buffer.byteLength(text);
    const place: Place = [end - 1, line.begin, line.length, dependents.get(bead.id) ?? 0, open ? 1 : 0];
    const entry = `\t${plainId(bead.id.slice(bead.id.lastIndexOf('-') + 1))}\u0001\t${plainId(bead.id)}\u0002${place.join(',')}\n`;
    begin += Buffer.byteLength(entry);
    entries.push(entry);
    texts.push(text);
  }
  const header: TextsHeader = { version, commit, entries: begin, texts: end, custom: [...lines.keys()].some(({ status }) => !isBuiltIn(status)) };
  writeCache(ledger, textsName, header, [...entries, ...texts].join(''));
}

/** The beads of the file `live` that are not done, with where their lines stand; `before` bytes stand before its body. Undefined where a line is damaged. */
function linesIn(body: Buffer, before: number): Map<Bead, Line> | undefined {
  const lines = new Map<Bead, Line>();
  for (let begin = 1; begin < body.length; ) {
    const end = body.indexOf('\n', begin);
    const bead = end < 0 ? undefined : beadIn(body.toString('utf8', begin, end));
    if (bead === undefined) return undefined;
    if (typeof bead === 'object' && !isDone(bead)) lines.set(bead, { begin: before + begin, length: end - begin });
    begin = end + 1;
  }
  return lines;
}
