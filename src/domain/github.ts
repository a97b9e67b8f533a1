import { hashText } from '../base/ids.ts';
import { isObject } from '../base/jsonl.ts';
import { compareTimes, timeOf } from '../base/time.ts';
import { workingStatuses, type Bead, type Beads, type Comment } from './bead.ts';
import { townTypes } from './kind.ts';

/** An issue as `gh issue list --json …` tells it; `bead` stands only in lists that we wrote. */
export interface Issue {
  readonly number: number | undefined;
  readonly bead: string | undefined;
  readonly url: string | undefined;
  readonly title: string;
  readonly body: string;
  readonly closed: boolean;
  readonly stateReason: string;
  readonly author: string | undefined;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | undefined;
  readonly comments: readonly Omit<Comment, 'issue_id'>[];
}

/** What `gh` must be asked for, so that nothing is missed. */
export const issueFields = 'number,title,body,state,stateReason,labels,assignees,author,createdAt,updatedAt,closedAt,url,comments';

/** Reads an issue. Answers what is wrong with it as a text. */
export function readIssue(value: unknown): Issue | string {
  if (!isObject(value)) return 'it is no issue';
  const { number, bead, title, state, createdAt, updatedAt, closedAt, url } = value;
  if (bead !== undefined && typeof bead !== 'string') return 'its bead is no id';
  if (!(Number.isSafeInteger(number) && Number(number) > 0) && bead === undefined) return 'it has no number';
  const name = number === undefined ? bead : `issue ${String(number)}`;
  if (typeof title !== 'string' || title.trim() === '') return `${name} has no title`;
  if (typeof state !== 'string' || !/^(open|closed)$/i.test(state)) return `${name} is neither open nor closed`;
  if (typeof createdAt !== 'string' || timeOf(createdAt) === undefined) return `${name} does not say when it was created: ask gh for ${issueFields}`;
  return {
    number: typeof number === 'number' ? number : undefined,
    bead,
    url: textOf(url),
    title,
    body: (textOf(value['body']) ?? '').replaceAll('\r\n', '\n'),
    closed: /^closed$/i.test(state),
    stateReason: textOf(value['stateReason']) ?? '',
    author: nameOf(value['author'], 'login'),
    labels: namesIn(value['labels'], 'name'),
    assignees: namesIn(value['assignees'], 'login'),
    createdAt,
    updatedAt: timeIn(updatedAt) ?? createdAt,
    closedAt: timeIn(closedAt),
    comments: Array.isArray(value['comments']) ? value['comments'].flatMap((each) => commentOf(each, createdAt)) : [],
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function timeIn(value: unknown): string | undefined {
  return typeof value === 'string' && timeOf(value) !== undefined ? value : undefined;
}

function nameOf(value: unknown, key: string): string | undefined {
  return textOf(isObject(value) ? value[key] : value);
}

function namesIn(value: unknown, key: string): string[] {
  return Array.isArray(value) ? value.flatMap((each) => nameOf(each, key) ?? []) : [];
}

function commentOf(value: unknown, createdAt: string): Omit<Comment, 'issue_id'>[] {
  if (!isObject(value) || typeof value['body'] !== 'string') return [];
  const [author, at] = [nameOf(value['author'], 'login') ?? 'ghost', timeIn(value['createdAt']) ?? createdAt];
  return [{ id: textOf(value['id']) ?? textOf(value['url']) ?? hashText(`${author}|${at}|${value['body']}`, 8), author, text: value['body'].replaceAll('\r\n', '\n'), created_at: at }];
}

/** Finds beads by the issues that they stand for. */
export function issuesIn(beads: Beads): (issue: Issue) => Bead | undefined {
  const byRef = new Map<string, Bead>();
  for (const bead of beads.all()) if (typeof bead['external_ref'] === 'string' && bead.status !== 'tombstone') byRef.set(bead['external_ref'], bead);
  return ({ bead, number, url }) => {
    if (bead !== undefined) return beads.get(bead);
    const known = byRef.get(url ?? '') ?? byRef.get(`gh-${number}`);
    const itsUrl = known?.metadata?.['github_url'];
    return url === undefined || itsUrl === undefined || itsUrl === url ? known : undefined;
  };
}

/** The id of the bead for an issue that has none yet: the same in every clone. A longer one where another bead has it. */
export function idForIssue({ bead, number, url }: Issue, prefix: string, isTaken: (id: string) => boolean): string {
  if (bead !== undefined) return bead;
  const ids = [6, 7, 8].map((length) => `${prefix}-${hashText(`github|${url ?? number}`, length)}`);
  return ids.find((id) => !isTaken(id)) ?? `${prefix}-gh${number}`;
}

/** The bead after an issue was taken in: what GitHub knows is replaced where it is newer, comments are added, and everything else stays. Two repositories may both have an issue 7: the second is referred to by its address. */
export function foldIssue(ours: Bead | undefined, issue: Issue, id: string, refIsTaken: boolean): Readonly<Record<string, unknown>> {
  const news = ours === undefined || compareTimes(issue.updatedAt, ours.updated_at) > 0 ? newsOf(ours, issue) : {};
  const ref = issue.number === undefined ? undefined : refIsTaken ? issue.url : `gh-${issue.number}`;
  const comments = [...(ours?.comments ?? [])];
  for (const each of issue.comments) if (!comments.some((known) => known.id === each.id)) comments.push({ ...each, issue_id: id });
  return {
    ...(ours ?? { id, created_at: issue.createdAt, priority: 2, issue_type: 'task', ...(issue.author === undefined ? {} : { created_by: issue.author }) }),
    ...news,
    ...(ours?.['external_ref'] === undefined && ref !== undefined ? { external_ref: ref } : {}),
    ...(issue.url !== undefined && ours?.metadata?.['github_url'] === undefined ? { metadata: { ...ours?.metadata, github_url: issue.url } } : {}),
    ...(comments.length > 0 ? { comments } : {}),
  };
}

const typeLabels: Readonly<Record<string, string>> = { bug: 'bug', enhancement: 'feature', feature: 'feature', epic: 'epic', chore: 'chore' };

/** What an issue says of its bead, null for what it says is not so. An agent that works on it stays, and so do the town's own labels: GitHub knows nothing of either. */
function newsOf(ours: Bead | undefined, issue: Issue): Record<string, unknown> {
  const kept = (ours?.labels ?? []).filter((label) => label.startsWith('gt:'));
  const type = issue.labels.map((label) => typeLabels[label.toLowerCase()]).find((each) => each !== undefined);
  const priority = issue.labels.map((label) => /^p(?:riority:? ?)?([0-4])$/i.exec(label)?.[1]).find((each) => each !== undefined);
  const works = ours !== undefined && (workingStatuses.includes(ours.status) || ours.assignee?.includes('/') === true);
  const closes = issue.closed && ours?.status !== 'closed';
  // An open issue may be one that nobody has closed there yet: only one that was opened again says that the work is not done.
  const opens = !issue.closed && (ours === undefined || (ours.status === 'closed' && issue.stateReason.toUpperCase() === 'REOPENED'));
  return {
    title: issue.title,
    description: issue.body === '' ? null : issue.body,
    updated_at: issue.updatedAt,
    labels: [...new Set([...kept, ...issue.labels])],
    ...(type !== undefined && ours === undefined ? { issue_type: type } : {}),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    ...(works ? {} : { assignee: issue.assignees[0] ?? null }),
    ...(closes ? { status: 'closed', closed_at: issue.closedAt ?? issue.updatedAt, close_reason: reasons[issue.stateReason.toUpperCase()] ?? 'Closed' } : {}),
    ...(opens ? { status: 'open' } : {}),
  };
}

const reasons: Readonly<Record<string, string>> = { COMPLETED: 'Completed', NOT_PLANNED: 'Not planned', DUPLICATE: 'Duplicate' };

/** Writes a bead as `gh issue list --json` tells issues; undefined for deleted beads and those that the town keeps books with. */
export function issueOf(bead: Bead): Readonly<Record<string, unknown>> | undefined {
  if (bead.status === 'tombstone' || townTypes.includes(bead.issue_type)) return undefined;
  const ref = String(bead['external_ref'] ?? '');
  const number = /^gh-(\d+)$/.exec(ref)?.[1] ?? /\/issues\/(\d+)$/.exec(ref)?.[1];
  const url = bead.metadata?.['github_url'];
  const closed = bead.status === 'closed';
  const reason = Object.entries(reasons).find(([, text]) => text === bead.close_reason)?.[0] ?? 'COMPLETED';
  return {
    ...(number === undefined ? {} : { number: Number(number) }),
    bead: bead.id,
    title: bead.title,
    body: bead.description ?? '',
    state: closed ? 'CLOSED' : 'OPEN',
    stateReason: closed ? reason : '',
    labels: (bead.labels ?? []).map((name) => ({ name })),
    assignees: bead.assignee ? [{ login: bead.assignee }] : [],
    ...(bead.created_by === undefined ? {} : { author: { login: bead.created_by } }),
    createdAt: bead.created_at,
    updatedAt: bead.updated_at,
    closedAt: bead.closed_at ?? null,
    ...(typeof url === 'string' ? { url } : {}),
    comments: (bead.comments ?? []).map(({ id, author, text, created_at: createdAt }) => ({ id, author: { login: author }, body: text, createdAt })),
  };
}
