import { freeTick } from '../../actions/poke.ts';
import { countOf } from '../../base/text.ts';
import { patrol } from '../../supervisors/patrol.ts';
import { openTown, type Town } from '../../town.ts';
import { defineCommand } from '../command.ts';
import { enter } from '../entry.ts';

const patience = 60_000;

export const command = defineCommand({
  name: 'tick',
  summary: 'Run one round of the patrols; git hooks start this where no engine runs',
  hidden: true,
  async run(_args, context) {
    const { town } = await enter(context);
    const begin = (): Town => {
      freeTick(town);
      return openTown(context.cwd, context.now);
    };
    return { acted: await patrol(town, context.env, patience, begin) };
  },
  *render({ acted }) {
    yield acted === undefined ? 'another process patrols this town right now' : `${countOf(acted, 'order')} carried out`;
  },
});
