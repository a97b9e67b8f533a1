import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordRun, runsBeforeBlame, type Gate, type GateRun, type Verdict } from '../../src/domain/gate.ts';
import { decide, explain, queueOrder, type Move, type QueueFacts, type RequestFacts, type Stack, type TargetFacts } from '../../src/domain/merge-queue.ts';
import type { MergeRequest, Outcome } from '../../src/domain/merge-request.ts';

type Files = Readonly<Record<string, string>>;

interface Commit {
  readonly files: Files;
  readonly parents: readonly string[];
}

interface Asked {
  readonly request: MergeRequest;
  outcome: Outcome | undefined;
  /** Whether its bead still is the refinery's. */
  held: boolean;
}

const gate: Gate = { name: 'test', command: 'true', timeout: 1000, required: true };
const environment = 'citadel';
const noFlakes = { runs: 0, flakes: 0 };

/** A town without git: commits are values, the gate is a rule about files, and everything that a run of the queue remembers can be taken away. */
class World {
  readonly commits = new Map<string, Commit>();
  readonly asked: Asked[] = [];
  readonly verdicts = new Map<string, Verdict[]>();
  readonly closed: string[] = [];
  readonly landedAt = new Map<string, string>();
  stacks = new Map<string, Stack>();
  tip: string;
  aside: string | undefined;
  dirty = false;
  clock = 0;
  flaky: boolean[] = [];

  constructor() {
    this.tip = this.commit({ wall: 'old' }, []);
  }

  commit(files: Files, parents: readonly string[]): string {
    const id = JSON.stringify([this.tree(files), ...parents.map((parent) => parent.length)]) + parents.join('+').length + [...parents.join('+')].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1e9, 7);
    this.commits.set(id, { files, parents });
    return id;
  }

  tree(files: Files): string {
    return JSON.stringify(Object.entries(files).sort());
  }

  at(commit: string): Commit {
    const found = this.commits.get(commit);
    if (found === undefined) throw new Error('no such commit');
    return found;
  }

  contains(commit: string, wanted: string): boolean {
    const waiting = [commit];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next === wanted) return true;
      waiting.push(...this.at(next).parents);
    }
    return false;
  }

  /** The three-way merge of files, or the paths that conflict. */
  merge(base: Files, ours: Files, theirs: Files): { files: Files; conflicts: string[] } {
    const files: Record<string, string> = {};
    const conflicts: string[] = [];
    for (const path of new Set([...Object.keys(base), ...Object.keys(ours), ...Object.keys(theirs)])) {
      const [was, mine, yours] = [base[path], ours[path], theirs[path]];
      if (mine !== yours && mine !== was && yours !== was) conflicts.push(path);
      const value = mine === was ? yours : mine;
      if (value !== undefined) files[path] = value;
    }
    return { files, conflicts };
  }

  submit(path: string, value: string, priority: number, on?: MergeRequest): void {
    const base = on?.head ?? this.tip;
    const head = this.commit({ ...this.at(base).files, [path]: value }, [base]);
    if (this.contains(this.tip, head) || this.asked.some(({ request }) => request.head === head)) return;
    this.clock += 1;
    const id = `ci-mr-${this.asked.length}`;
    const open = on !== undefined && this.asked.some(({ request, outcome }) => request === on && outcome === undefined && !this.contains(this.tip, on.head));
    const request: MergeRequest = {
      id, title: id, target: 'main', branch: id, head, base, after: open ? on.id : '', source: `ci-${this.asked.length}`, token: '', worker: 'nux', priority, created: new Date(this.clock * 1000).toISOString(), outcome: undefined, reason: undefined, landed: undefined,
    };
    this.asked.push({ request, outcome: undefined, held: true });
  }

  passes(files: Files): boolean {
    return Object.values(files).every((value) => value !== 'bad') && !(files['gate'] === 'open' && files['wall'] === 'gone');
  }

  facts(): QueueFacts {
    const point = (commit: string) => ({ commit, tree: this.tree(this.at(commit).files) });
    const aside = this.aside !== undefined && this.aside !== this.tip && this.contains(this.aside, this.tip) ? this.aside : undefined;
    const requests = this.asked.filter(({ outcome }) => outcome === undefined).map(({ request, held }): RequestFacts => {
      const before = this.asked.find((other) => other.request.id === request.after);
      return {
        request,
        contained: this.contains(this.tip, request.head) ? 'target' : aside !== undefined && this.contains(aside, request.head) ? 'aside' : undefined,
        present: true,
        awaited: undefined,
        kept: true,
        claimLost: held ? undefined : 'it was taken over',
        within: this.asked.filter((other) => other.outcome === undefined && other.request !== request && other.request.head !== request.head && this.contains(request.head, other.request.head) && !this.contains(this.tip, other.request.head)).map((other) => other.request.id),
        fallen: before?.outcome !== undefined && before.outcome !== 'merged' && !this.contains(this.tip, before.request.head) ? 'it fell' : undefined,
        blockers: [],
        stack: this.stacks.get(`${aside ?? this.tip} ${request.id}`),
      };
    });
    const target: TargetFacts = { target: 'main', tip: point(this.tip), aside: aside === undefined ? undefined : point(aside), stuck: this.dirty ? 'there are changes' : undefined, requests, leftovers: [], verdicts: this.verdicts, flakes: new Map() };
    return { gates: [gate], environment, targets: [target] };
  }

  end(request: MergeRequest, outcome: Outcome): Asked {
    const asked = this.asked.find((other) => other.request === request);
    assert.ok(asked !== undefined && asked.outcome === undefined, 'I5: nothing ends twice');
    asked.outcome = outcome;
    return asked;
  }

  attempts(tree: string): readonly GateRun[] {
    return this.verdicts.get(tree)?.[0]?.attempts ?? [];
  }

  act(move: Move): void {
    switch (move.op) {
      case 'stack': {
        const { request, onto } = move;
        const merged = this.merge(this.at(request.base).files, this.at(onto.commit).files, this.at(request.head).files);
        const stack: Stack = merged.conflicts.length > 0 ? { kind: 'conflict', paths: merged.conflicts, messages: '' } : { kind: 'built', commit: this.commit(merged.files, [onto.commit, request.head]), tree: this.tree(merged.files) };
        this.stacks.set(`${onto.commit} ${request.id}`, stack);
        return;
      }
      case 'run': {
        // A gate may fail for no reason, but not every time on the same tree.
        const unlucky = this.attempts(move.tree).length === 0 && this.flaky.shift() === true;
        const verdict = this.passes(this.at(move.commit).files) && !unlucky ? 'pass' : 'fail';
        this.clock += 1;
        const run: GateRun = { verdict, started: new Date(this.clock * 1000).toISOString(), milliseconds: 1, tail: '', signer: 'refinery' };
        assert.not(this.attempts(move.tree).some(({ verdict: known }) => known === 'pass'), 'a pass is never computed again');
        this.verdicts.set(move.tree, recordRun(this.verdicts.get(move.tree) ?? [], move.gate, environment, run));
        return;
      }
      case 'land': return this.land(move);
      case 'promote':
        assert.is(move.from, this.tip, 'I3');
        assert.ok(this.contains(move.to, move.from), 'I3: only forward');
        if (!this.dirty) this.tip = move.to;
        return;
      case 'record': {
        assert.ok(this.contains(this.tip, move.request.head), 'I9: closed only when the target contains it');
        this.end(move.request, 'merged');
        this.closed.push(move.request.source);
        return;
      }
      case 'reject': {
        if (move.rejection.kind === 'gate') {
          const base = this.aside !== undefined && this.contains(this.aside, this.tip) ? this.aside : this.tip;
          const stack = this.stacks.get(`${base} ${move.request.id}`);
          assert.ok(stack?.kind === 'built' && this.attempts(stack.tree).length >= runsBeforeBlame(noFlakes) && this.attempts(stack.tree).every(({ verdict }) => verdict !== 'pass'), 'I6: it failed');
          assert.not(this.passes(this.at(stack.commit).files), 'I6: no flake is anybody\'s fault');
          assert.ok(this.attempts(this.tree(this.at(base).files)).some(({ verdict }) => verdict === 'pass'), 'I6: and passes without it');
        }
        this.end(move.request, 'rejected');
        return;
      }
      case 'keep': case 'tidy': case 'wait': throw new Error(`${move.op} is not expected here`);
    }
  }

  land({ request, commit, tip, onto }: Extract<Move, { op: 'land' }>): void {
    const { files, parents } = this.at(commit);
    assert.ok(this.attempts(this.tree(files)).some(({ verdict }) => verdict === 'pass'), 'I1 and I4: the very tree was tested and passed');
    assert.equal(parents, [onto, request.head], 'I1: it is the commit that was stacked');
    assert.equal(files, this.merge(this.at(request.base).files, this.at(onto).files, this.at(request.head).files).files, 'I2');
    assert.ok(this.asked.find((other) => other.request === request)?.held, 'I10');
    assert.ok(request.after === '' || this.contains(onto, request.base), 'I2: what it builds on is there');
    assert.not(this.landedAt.has(request.id) && this.contains(this.tip, this.landedAt.get(request.id) ?? ''), 'I5: nothing lands twice');
    if (this.tip !== tip) return;
    assert.ok(this.contains(commit, this.tip), 'I3: only forward');
    if (!this.dirty && tip === onto) this.tip = commit;
    else this.aside = commit;
    this.landedAt.set(request.id, commit);
  }
}

type Happening =
  | { readonly kind: 'submit'; readonly path: string; readonly value: string; readonly priority: number; readonly on: number | undefined }
  | { readonly kind: 'push'; readonly path: string; readonly value: string }
  | { readonly kind: 'take'; readonly which: number }
  | { readonly kind: 'forget' }
  | { readonly kind: 'dirty' }
  | { readonly kind: 'unlucky' }
  | { readonly kind: 'work'; readonly steps: number };

const path = fc.constantFrom('wall', 'gate', 'well');
const value = fc.constantFrom('old', 'new', 'open', 'gone', 'bad');
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), path, value, priority: fc.nat(4), on: fc.option(fc.nat(5), { nil: undefined, freq: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('push' as const), path, value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('forget' as const, 'dirty' as const, 'unlucky' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('work' as const), steps: fc.integer({ min: 1, max: 6 }) }) },
);

function happen(world: World, event: Happening): void {
  switch (event.kind) {
    case 'submit': return world.submit(event.path, event.value, event.priority, event.on === undefined ? undefined : world.asked[event.on]?.request);
    case 'push':
      world.tip = world.commit({ ...world.at(world.tip).files, [event.path]: event.value }, [world.tip]);
      return;
    case 'take': {
      const asked = world.asked[event.which];
      if (asked !== undefined && asked.outcome === undefined) asked.held = false;
      return;
    }
    case 'forget':
      world.stacks = new Map();
      return;
    case 'dirty':
      world.dirty = !world.dirty;
      return;
    case 'unlucky':
      world.flaky.push(true);
      return;
    case 'work': for (let step = 0; step < event.steps; step += 1) workOnce(world);
  }
}

function workOnce(world: World): boolean {
  const facts = world.facts();
  const [move] = decide(facts);
  for (const { request } of facts.targets[0]?.requests ?? []) assert.ok(explain(facts, request.id) !== undefined, 'every request can be explained');
  if (move === undefined || move.op === 'wait') return false;
  world.act(move);
  return true;
}

const decisions = suite('decide');

decisions('keeps the invariants in every world', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (events) => {
      const world = new World();
      for (const event of events) happen(world, event);
      world.dirty = false;
      let steps = 0;
      while (workOnce(world)) assert.ok(++steps < 400, 'the queue comes to rest');
      const left = world.asked.filter(({ outcome }) => outcome === undefined);
      if (world.passes(world.at(world.tip).files)) assert.equal(left.map(({ request }) => request.id), [], 'I5: on a sound target every request ends');
      const merged = world.asked.filter(({ outcome }) => outcome === 'merged').map(({ request }) => request.source);
      assert.equal([...world.closed].sort(), merged.sort(), 'I9');
    }),
    { numRuns: 1500 },
  );
});

decisions('does the same whatever was forgotten between two steps', () => {
  fc.assert(
    fc.property(fc.array(happening.filter(({ kind }) => kind === 'submit' || kind === 'push'), { maxLength: 12 }), (events) => {
      const ends = [false, true].map((forgets) => {
        const world = new World();
        for (const event of events) happen(world, event);
        for (let steps = 0; steps < 400; steps += 1) {
          const facts = world.facts();
          const [move] = decide(facts);
          if (move === undefined || move.op === 'wait') break;
          world.act(move);
          if (forgets && move.op !== 'stack') world.stacks = new Map();
        }
        return [world.tip, world.asked.map(({ outcome }) => outcome)];
      });
      assert.equal(ends[0], ends[1]);
    }),
    { numRuns: 300 },
  );
});

decisions('orders totally: by urgency, then age, then id', () => {
  const request = fc.record({ priority: fc.nat(4), created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'), id: fc.constantFrom('a', 'b', 'c') }) as fc.Arbitrary<unknown> as fc.Arbitrary<MergeRequest>;
  fc.assert(
    fc.property(request, request, request, (a, b, c) => {
      assert.is(Math.sign(queueOrder(a, b)), -Math.sign(queueOrder(b, a)) + 0);
      if (queueOrder(a, b) <= 0 && queueOrder(b, c) <= 0) assert.ok(queueOrder(a, c) <= 0);
    }),
  );
});

decisions.run();
