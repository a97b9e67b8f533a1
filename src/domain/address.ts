import { Usage } from '../base/errors.ts';

/** Who somebody is in a town. The canonical spelling is the only one: it is the assignee, the actor, the git author and the name in refs. */
export type Address =
  | { readonly role: 'mayor' | 'deacon' | 'overseer' }
  | { readonly role: 'dog'; readonly name: string }
  | { readonly role: 'witness' | 'refinery'; readonly rig: string }
  | { readonly role: 'crew' | 'polecat'; readonly rig: string; readonly name: string };

const namePattern = /^[a-z][a-z0-9_]{0,39}$/;
/** Names that are parts of addresses, and so nobody's own. */
const reserved: readonly string[] = ['mayor', 'deacon', 'overseer', 'witness', 'refinery', 'crew', 'polecats', 'polecat', 'dogs', 'dog', 'hq', 'settings', 'plugins'];

/** Reads an address. Throws BadAddress. */
export function parseAddress(text: string): Address {
  const parts = text.split('/');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1 && (first === 'mayor' || first === 'deacon' || first === 'overseer')) return { role: first };
  if (parts.length === 3 && first === 'deacon' && second === 'dogs' && isName(third)) return { role: 'dog', name: third };
  if (!isName(first)) throw new BadAddress(text);
  if (parts.length === 2 && (second === 'witness' || second === 'refinery')) return { role: second, rig: first };
  if (parts.length === 3 && second === 'crew' && isName(third)) return { role: 'crew', rig: first, name: third };
  if (parts.length === 3 && second === 'polecats' && isName(third)) return { role: 'polecat', rig: first, name: third };
  throw new BadAddress(text);
}

/** Reads an address; undefined where a text is none. */
export function addressOf(text: string | undefined): Address | undefined {
  try {
    return text === undefined ? undefined : parseAddress(text);
  } catch (error) {
    if (error instanceof BadAddress) return undefined;
    throw error;
  }
}

/** The canonical spelling of an address. */
export function formatAddress(address: Address): string {
  switch (address.role) {
    case 'mayor': case 'deacon': case 'overseer': return address.role;
    case 'dog': return `deacon/dogs/${address.name}`;
    case 'witness': case 'refinery': return `${address.rig}/${address.role}`;
    case 'crew': return `${address.rig}/crew/${address.name}`;
    case 'polecat': return `${address.rig}/polecats/${address.name}`;
  }
}

/** Whether a word can name a rig, a worker or a crew member. */
export function isName(name: string): boolean {
  return namePattern.test(name) && !reserved.includes(name);
}

/** Holds a name against its grammar. Throws BadName. */
export function checkName(what: string, name: string): string {
  if (!isName(name)) throw new BadName(what, name);
  return name;
}

/** A text that is no address. */
export class BadAddress extends Usage {
  readonly code = 'address.bad';
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 80))} is not an address`, { text }, 'an address looks like mayor, <rig>/crew/<name> or <rig>/polecats/<name>');
  }
}

/** A name that cannot be used. */
export class BadName extends Usage {
  readonly code = 'name.bad';
  constructor(what: string, name: string) {
    super(`${JSON.stringify(name.slice(0, 60))} cannot name a ${what}`, { what, name }, 'use a lower-case letter, then letters, digits and underscores, 40 at most, and no word of an address');
  }
}
