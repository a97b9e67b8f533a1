import { unsetSettingOf } from '../../../actions/settings.ts';
import { poke } from '../../../actions/poke.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'scheduler resume',
  summary: 'Dispatch waiting work again',
  async run(_args, context) {
    const { town, who } = await enter(context);
    await unsetSettingOf(town, undefined, who, 'scheduler.paused');
    poke(town, context.env);
    return { paused: false };
  },
  *render() {
    yield 'waiting work is dispatched again';
  },
});
