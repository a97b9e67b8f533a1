import { listRefs, readRef } from '../git/refs.ts';
import type { Rig } from '../town.ts';

/** A ref of a merge queue: a submitted head, a stack under test, or tested work that waits for the target's checkout. */
export interface QueueRef {
  readonly kind: 'in' | 'try' | 'landed';
  readonly target: string;
  /** The request of a head, the number of a stack, '' otherwise. */
  readonly name: string;
  readonly oid: string;
  /** The ref by its name in the repository that owns it. */
  readonly ref: string;
  /** On the hub, as the last fetch or push saw it. */
  readonly remote: boolean;
}

/** The queue's own copy of a submitted head. */
export function inRef(target: string, request: string): string {
  return `refs/heads/mq/${target}/in/${request}`;
}

/** A stack under test. */
export function tryRef(target: string, number: number): string {
  return `refs/heads/mq/${target}/try/${number}`;
}

/** Tested work that waits until the target's checkout can be moved. */
export function landedRef(target: string): string {
  return `refs/heads/mq/${target}/landed`;
}

/** The ref that says where a target is: the hub's, as last seen, where there is one. */
export function targetRef(rig: Rig, target: string): string {
  return rig.remote === undefined ? `refs/heads/${target}` : `refs/remotes/${rig.remote}/${target}`;
}

const grammar = /^refs\/heads\/mq\/(.+)\/(?:(in|try)\/([^/]+)|(landed))$/;

/** The refs of all queues of a rig, here and on its hub. */
export async function queueRefs(rig: Rig): Promise<QueueRef[]> {
  const tracking = `refs/remotes/${rig.remote ?? ''}/`;
  const local = await listRefs(rig.repository, 'refs/heads/mq/');
  const remote = rig.remote === undefined ? [] : await listRefs(rig.repository, `${tracking}mq/`);
  return [
    ...local.flatMap(({ ref, oid }) => parse(ref, oid, false)),
    ...remote.flatMap(({ ref, oid }) => parse(`refs/heads/${ref.slice(tracking.length)}`, oid, true)),
  ];
}

function parse(ref: string, oid: string, remote: boolean): QueueRef[] {
  const [, target, kind, name, landed] = grammar.exec(ref) ?? [];
  return target === undefined ? [] : [{ kind: landed === undefined ? (kind as 'in' | 'try') : 'landed', target, name: name ?? '', oid, ref, remote }];
}

/** A ref of the hub as the last fetch or push saw it. */
export async function hubRef(rig: Rig, ref: string): Promise<string | undefined> {
  return rig.remote === undefined ? undefined : readRef(rig.repository, `refs/remotes/${rig.remote}/${ref.slice('refs/heads/'.length)}`);
}
