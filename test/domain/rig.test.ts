import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkId } from '../../src/domain/field.ts';
import { checkPrefix, deriveName, derivePrefix, typedPrefix } from '../../src/domain/rig.ts';
import { refusal } from '../helpers/garage.ts';

const prefixes = suite('checkPrefix');

prefixes('takes what ids may begin with, as beads writes it too', () => {
  for (const prefix of ['app', 'a', 'my-app', 'my_app', 'a1_b2-c3']) assert.is(checkId(`${checkPrefix(prefix, ['hq'])}-x1y2z`), `${prefix}-x1y2z`);
});

prefixes('refuses anything else, and what another ledger has', () => {
  for (const prefix of ['', 'App', '1app', '_app', 'app_', 'app-', 'a__b', 'a-_b', 'a.b', 'a b', 'x'.repeat(21)]) assert.throws(() => checkPrefix(prefix, []), refusal('prefix.bad'), prefix);
  assert.throws(() => checkPrefix('hq', ['hq']), refusal('prefix.taken'));
});

prefixes('are typed with the dash of their ids, or without it', () => {
  assert.equal(['app', 'app-', 'my-app--', '-'].map(typedPrefix), ['app', 'app', 'my-app', '']);
});

prefixes.run();

const deriving = suite('what is derived from a name');

deriving('can be used, whatever the name, and is nobody else’s', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('shop.git', '1-2', '___', 'The Citadel', 'x'.repeat(99))), fc.array(fc.constantFrom('rig', 'shop', 'shop2', 'thecitad'), { maxLength: 3 }), (name, taken) => {
    const prefix = derivePrefix(name, taken);
    assert.is(checkPrefix(prefix, taken), prefix);
    assert.match(deriveName(name), /^[a-z][a-z0-9_]{0,39}$/);
  }));
  assert.equal([derivePrefix('shop', ['shop', 'shop2']), deriveName('Shop-Window.git')], ['shop3', 'shop_window']);
});

deriving.run();
