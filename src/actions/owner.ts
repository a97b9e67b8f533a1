import { Usage } from '../base/errors.ts';
import { configuredPerson } from '../git/config.ts';
import type { Repository } from '../git/repository.ts';
import type { Owner } from '../town.ts';

/** Whom a town belongs to, and what is missing to say so. */
export interface OwnerFound {
  readonly owner: Owner;
  readonly note?: string;
}

/** Whom a town belongs to: who was named (`Ada <ada@example.com>`), else whom git knows by its configuration or environment. Throws BadOwner. */
export async function findOwner(repository: Repository | undefined, named: string | undefined, env: Readonly<Record<string, string | undefined>>): Promise<OwnerFound> {
  if (named !== undefined) return { owner: parseOwner(named) };
  const configured = await configuredPerson(repository);
  const name = configured.name || env['GIT_AUTHOR_NAME'] || env['GIT_COMMITTER_NAME'] || '';
  const email = configured.email || env['GIT_AUTHOR_EMAIL'] || env['GIT_COMMITTER_EMAIL'] || env['EMAIL'] || '';
  if (name !== '' && email !== '') return { owner: { name, email } };
  const missing = [...(name === '' ? ['git config --global user.name "<your name>"'] : []), ...(email === '' ? ['git config --global user.email <address>'] : [])];
  return {
    owner: { name: name === '' ? 'overseer' : name, email: email === '' ? 'overseer@localhost' : email },
    note: `git does not know who you are: ${missing.join(', ')}, then run this again`,
  };
}

function parseOwner(text: string): Owner {
  const [, name = '', email] = /^([^<>\u0000-\u001f]*?)\s*<([^<>\s]+@[^<>\s]+)>$/.exec(text.trim()) ?? /^()([^<>\s]+@[^<>\s]+)$/.exec(text.trim()) ?? [];
  if (email === undefined) throw new BadOwner(text);
  return { name: name === '' ? email.slice(0, email.indexOf('@')) : name, email };
}

/** A text that names no owner. */
export class BadOwner extends Usage {
  readonly code = 'owner.bad';
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 80))} names no person`, { text }, "--owner 'Ada Lovelace <ada@example.com>'");
  }
}
