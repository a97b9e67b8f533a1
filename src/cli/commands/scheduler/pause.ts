import { setSettingOf } from '../../../actions/settings.ts';
import { poke } from '../../../actions/poke.ts';
import { defineCommand } from '../../command.ts';
import { enter } from '../../entry.ts';

export const command = defineCommand({
  name: 'scheduler pause',
  summary: 'Dispatch nothing until it is resumed; sessions go on',
  async run(_args, context) {
    const { town, who } = await enter(context);
    await setSettingOf(town, undefined, who, 'scheduler.paused', true);
    poke(town, context.env);
    return { paused: true };
  },
  *render() {
    yield 'nothing is dispatched any more; gt scheduler resume goes on';
  },
});
