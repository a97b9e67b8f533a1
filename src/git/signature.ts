/** Who did something, and when: seconds since 1970 and a zone such as `+0200`. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly epochSeconds: number;
  readonly zone: string;
}

/** The variables by which `git commit-tree` takes an author and a committer. */
export function signatureEnvironment(author: Signature, committer: Signature): Record<string, string> {
  return { ...variables('AUTHOR', author), ...variables('COMMITTER', committer) };
}

function variables(role: string, signature: Signature): Record<string, string> {
  const { name, email } = cleaned(signature);
  return { [`GIT_${role}_NAME`]: name, [`GIT_${role}_EMAIL`]: email, [`GIT_${role}_DATE`]: moment(signature) };
}

/** The signature as a commit object holds it. */
export function signatureLine(signature: Signature): string {
  const { name, email } = cleaned(signature);
  return `${name} <${email}> ${moment(signature).slice(1)}`;
}

/** Git ends a name at `<` and a line at its newline, and drops what it takes for dirt at both ends. */
function cleaned({ name, email }: Signature): { name: string; email: string } {
  const clean = (text: string): string => text.replace(/[\s<>\u0000-\u001f\u007f]+/g, ' ').replace(/^[\s.,:;"\\']+|[\s.,:;"\\']+$/g, '');
  const address = clean(email).replaceAll(' ', '');
  return { name: clean(name) || address || 'nobody', email: address };
}

function moment({ epochSeconds, zone }: Signature): string {
  if (!Number.isSafeInteger(epochSeconds) || epochSeconds < 0) throw new RangeError(`${epochSeconds} is no time in whole seconds`);
  if (!/^[+-]\d{4}$/.test(zone)) throw new RangeError(`${JSON.stringify(zone)} is no time zone`);
  return `@${epochSeconds} ${zone}`;
}
