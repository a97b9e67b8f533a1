import { examine } from '../../actions/doctor.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

/** Of more findings of one kind, only so many are told to people. */
const most = 20;

export const command = defineCommand({
  name: 'doctor',
  summary: 'Look for damage in the ledgers and their repositories',
  options: { fix: { type: 'boolean', describe: 'mend what can be mended without losing anything' } },
  async run({ fix }, context) {
    const { town, who } = await enter(context);
    const findings = await examine(town, who, fix);
    return { ok: findings.every(({ severity, fixed }) => fixed || severity === 'note'), findings };
  },
  *render({ findings }) {
    if (findings.length === 0) yield 'everything is as it should be';
    const told = new Map<string, number>();
    for (const { check, severity, where, message, fixed, loses, hint } of findings) {
      const count = (told.get(check) ?? 0) + 1;
      told.set(check, count);
      if (count > most) continue;
      yield `${fixed ? 'mended' : severity}  ${where}: ${message}`;
      if (!fixed && loses !== undefined) yield `  not mended, for that would lose ${loses}`;
      if (!fixed && hint !== undefined) yield `  try: ${hint}`;
    }
    for (const [check, count] of told) if (count > most) yield `(${check}: ${count - most} more; --json shows all)`;
  },
  exit: ({ ok }) => (ok ? 0 : 4),
});
