import { keepEntry } from '../../../actions/key-value.ts';
import { slugOf } from '../../../domain/key-value.ts';
import { BadOption } from '../../beads.ts';
import { defineCommand } from '../../command.ts';
import { asWriter } from '../../writer.ts';

export const command = defineCommand({
  name: 'bead remember',
  summary: 'Keep something that everybody who works here should know',
  args: [{ name: 'text', describe: 'what is to be remembered; several words are one text', required: true, many: true }],
  options: { key: { type: 'string', describe: 'the name to recall it by; otherwise from its first words', placeholder: '<key>' } },
  examples: [['bead remember "The brake lines come from the Bullet Farm"', 'kept as the-brake-lines-come-from-the-bullet-farm'], ['bead remember --key tests "npm test needs the forge running"', 'gt recall tests shows it']],
  async run({ text, key }, context) {
    const value = text.join(' ').trim();
    const name = key ?? slugOf(value);
    if (value === '' || name === '') throw new BadOption('nothing is to be remembered, or it has no key', 'gt remember --key tests "npm test needs the forge running"');
    const { replaced } = await keepEntry(await asWriter(context), 'memory', { key: name, value });
    return { key: name, value, action: replaced ? 'updated' : 'remembered' };
  },
  *render({ key, action }) {
    yield `${action} ${key}`;
  },
});
