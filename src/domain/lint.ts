import { Refused } from '../base/errors.ts';
import { shellWord } from '../base/text.ts';
import type { Bead } from './bead.ts';
import { typeNamed } from './kind.ts';

/** What a bead of a type should say, by the headings of its text. */
const sections: Readonly<Record<string, readonly string[]>> = {
  bug: ['Steps to Reproduce', 'Acceptance Criteria'],
  task: ['Acceptance Criteria'],
  feature: ['Acceptance Criteria'],
  story: ['Acceptance Criteria'],
  epic: ['Success Criteria'],
  decision: ['Decision', 'Rationale', 'Alternatives Considered'],
  spike: ['Goal', 'Findings'],
};

/** The headings that a field of its own stands for. */
const fieldFor: Readonly<Record<string, string>> = { 'Acceptance Criteria': 'acceptance_criteria', 'Success Criteria': 'acceptance_criteria' };

/** The headings, as Markdown, that a bead of its type should have and has not. */
export function missingSections(bead: Pick<Bead, 'issue_type'> & Readonly<Record<string, unknown>>): string[] {
  const wanted = Object.hasOwn(sections, bead.issue_type) ? (sections[bead.issue_type] ?? []) : [];
  const headings = new Set(['description', 'design', 'notes', 'acceptance_criteria'].flatMap((field) => headingsIn(bead[field])));
  return wanted.filter((name) => !headings.has(name.toLowerCase()) && !says(bead, fieldFor[name])).map((name) => `## ${name}`);
}

/** Holds the fields of a bead that is to be filed against what its type should say. Throws MissingSections. */
export function checkSections(fields: Readonly<Record<string, unknown>> & { readonly title: string }): void {
  const type = typeNamed(typeof fields['issue_type'] === 'string' ? fields['issue_type'] : 'task');
  const missing = missingSections({ ...fields, issue_type: type });
  if (missing.length > 0) throw new MissingSections(fields.title, type, missing);
}

function says(bead: Readonly<Record<string, unknown>>, field: string | undefined): boolean {
  const text = field === undefined ? undefined : bead[field];
  return typeof text === 'string' && text.trim() !== '';
}

function headingsIn(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return text.split('\n').flatMap((line) => {
    const heading = /^\s{0,3}#{1,6}\s+(.*?)[\s#:]*$/.exec(line)?.[1];
    return heading === undefined ? [] : [heading.toLowerCase()];
  });
}

/** The text of a bead lacks what its type should say. */
export class MissingSections extends Refused {
  readonly code = 'bead.incomplete';
  constructor(title: string, type: string, missing: readonly string[]) {
    const text = missing.map((heading) => `${heading}\\n…\\n`).join('');
    super(`the text of ${JSON.stringify(title.slice(0, 80))} lacks what a ${type} should say: ${missing.join(', ')}`, { title, type, missing }, `printf '${text}' | gt create ${shellWord(title)} --type ${type} --validate --stdin`);
  }
}
