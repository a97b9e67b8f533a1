import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { ownEnvironment } from './temporary.ts';

/** Serves the repositories of a folder by `git http-backend` on loopback, for reading and writing. Answers where, and how to end it. */
export async function serveByHttp(folder: string): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const child = spawn('git', ['-c', 'http.receivepack=true', 'http-backend'], {
      env: {
        ...ownEnvironment(),
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'ada',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const whole = Buffer.concat(chunks);
      const end = whole.indexOf('\r\n\r\n');
      const headers = whole.subarray(0, end).toString('latin1').split('\r\n').map((line) => line.split(/: ?(.*)/s));
      const status = headers.find(([name]) => name?.toLowerCase() === 'status')?.[1];
      response.statusCode = status === undefined ? 200 : Number(status.slice(0, 3));
      for (const [name = '', value = ''] of headers) if (name !== '' && name.toLowerCase() !== 'status') response.setHeader(name, value);
      response.end(whole.subarray(end + 4));
    });
  });
  await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Where `git http-backend` would lie, beside git's other programs. */
export function backendPath(execPath: string): string {
  return join(execPath, 'git-http-backend');
}
