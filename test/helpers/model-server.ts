import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { environment } from './temporary.ts';

/** A part of what the model says: text, or a call of one of the client's tools. */
export type Reply = { readonly text: string } | { readonly tool: string; readonly input: Readonly<Record<string, unknown>> };

/** One block of a message as clients send them. */
export interface Block {
  readonly type: string;
  readonly text?: string;
  readonly name?: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly content?: string | readonly Block[];
  readonly is_error?: boolean;
}

export interface Message {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string | readonly Block[];
}

/** What the client asked the model, whole. */
export interface Conversation {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly system?: string | readonly Block[];
  readonly tools?: readonly { readonly name: string }[];
  readonly stream?: boolean;
}

/** Says what comes next in a conversation that has tools; the turn ends when no tool is called. */
export type Script = (conversation: Conversation) => readonly Reply[];

/** One request that a client made. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface ModelServer {
  readonly url: string;
  /** Every request, in order. */
  readonly requests: readonly Request[];
  /** Those that asked the scripted model, side questions of the client (titles, quota) left out. */
  readonly conversations: readonly Conversation[];
  close(): Promise<void>;
}

/** All text of a conversation, or of one message, that the model is shown, tool results included. */
export function textOf(part: Conversation | Message): string {
  if ('messages' in part) return [blocksText(part.system), ...part.messages.map(textOf)].join('\n');
  return blocksText(part.content);
}

function blocksText(content: string | readonly Block[] | undefined): string {
  if (content === undefined || typeof content === 'string') return content ?? '';
  return content.map((block) => block.text ?? blocksText(block.content)).join('\n');
}

/** The results of the tools called so far, in order. */
export function toolResults({ messages }: Conversation): { readonly text: string; readonly error: boolean }[] {
  return messages
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({ text: blocksText(block.content), error: block.is_error === true }));
}

/** Plays replies one turn after the other: the turn is told by how many tools the client has answered for. Ends with the last, again and again. */
export function inTurns(...turns: readonly (readonly Reply[] | ((conversation: Conversation) => readonly Reply[]))[]): Script {
  return (conversation) => {
    let answered = toolResults(conversation).length;
    for (const turn of turns) {
      const replies = typeof turn === 'function' ? turn(conversation) : turn;
      const calls = replies.filter((reply) => 'tool' in reply).length;
      if (answered < calls || calls === 0) return replies;
      answered -= calls;
    }
    return [{ text: 'Done.' }];
  };
}

/** Starts a server on loopback that speaks the Messages API and answers as the script says. */
export async function startModelServer(script: Script): Promise<ModelServer> {
  const requests: Request[] = [];
  const conversations: Conversation[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = (request.url ?? '').replace(/\?.*/, '');
      requests.push({ method: request.method ?? '', path, headers: request.headers, body });
      answer(path, body, script, conversations, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    conversations,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    return undefined;
  }
}

function answer(path: string, body: unknown, script: Script, conversations: Conversation[], response: ServerResponse): void {
  if (path === '/v1/messages/count_tokens') return json(response, 200, { input_tokens: 1000 });
  if (path !== '/v1/messages') return json(response, path === '/' ? 200 : 404, { type: 'error', error: { type: 'not_found_error', message: path } });
  const conversation = body as Conversation;
  const scripted = (conversation.tools?.length ?? 0) > 0;
  if (scripted) conversations.push(conversation);
  let replies: readonly Reply[];
  try {
    replies = scripted ? script(conversation) : [{ text: '{"title":"A bead"}' }];
  } catch (error) {
    return json(response, 400, { type: 'error', error: { type: 'invalid_request_error', message: `the script failed: ${String(error)}` } });
  }
  if (conversation.stream) stream(response, conversation.model, replies);
  else json(response, 200, { ...envelope(conversation.model), content: replies.map(block), ...ending(replies) });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

let serial = 0;
const identify = (kind: string): string => `${kind}_${String(++serial).padStart(8, '0')}`;

function envelope(model: string): Record<string, unknown> {
  return { id: identify('msg'), type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1000, output_tokens: 1 } };
}

function block(reply: Reply): Record<string, unknown> {
  if ('text' in reply) return { type: 'text', text: reply.text };
  return { type: 'tool_use', id: identify('toolu'), name: reply.tool, input: reply.input };
}

function ending(replies: readonly Reply[]): { stop_reason: string; stop_sequence: null } {
  return { stop_reason: replies.some((reply) => 'tool' in reply) ? 'tool_use' : 'end_turn', stop_sequence: null };
}

/** Sends a message as the events of the streaming API. */
function stream(response: ServerResponse, model: string, replies: readonly Reply[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (type: string, data: Record<string, unknown>): void => void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send('message_start', { message: envelope(model) });
  for (const [index, reply] of replies.entries()) {
    const whole = block(reply);
    const deltas = 'text' in reply ? [{ type: 'text_delta', text: reply.text }] : halves(JSON.stringify(reply.input)).map((part) => ({ type: 'input_json_delta', partial_json: part }));
    send('content_block_start', { index, content_block: 'text' in reply ? { ...whole, text: '' } : { ...whole, input: {} } });
    for (const delta of deltas) send('content_block_delta', { index, delta });
    send('content_block_stop', { index });
  }
  send('message_delta', { delta: ending(replies), usage: { output_tokens: 10 } });
  send('message_stop', {});
  response.end();
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

const key = 'sk-ant-api03-not-a-key-but-long-enough-to-look-like-one-0123456789';

/**
 * The environment of a Claude Code client that talks to a server on loopback and to nobody else: a home of its own, in which a person has answered the questions of
 * a first start, with trust in the repository `trusted` and its worktrees; no telemetry, no updates. `path` goes before the PATH. It carries IS_SANDBOX, without which the client
 * refuses its autonomous mode to root.
 */
export function claudeEnvironment(home: string, url: string, options: { path?: readonly string[]; trusted?: string } = {}): Record<string, string> {
  const { path = [], trusted } = options;
  const configuration = join(home, '.claude');
  mkdirSync(configuration, { recursive: true });
  const answers = {
    hasCompletedOnboarding: true,
    customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
    projects: trusted === undefined ? {} : { [trusted]: { hasTrustDialogAccepted: true } },
  };
  writeFileSync(join(configuration, '.claude.json'), JSON.stringify(answers), { mode: 0o600 });
  return {
    ...environment(home, path),
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CONFIG_DIR: configuration,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    IS_SANDBOX: '1',
    NO_PROXY: '127.0.0.1',
  };
}

/** The folder of the real client, named by GASTOWN_TEST_CLAUDE (the path of the executable); undefined where there is none. */
export function claudeFolder(): string | undefined {
  const path = process.env.GASTOWN_TEST_CLAUDE;
  return path === undefined || path === '' ? undefined : dirname(resolve(path));
}
