import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkName, formatAddress, isName, parseAddress } from '../../src/domain/address.ts';
import { refusal } from '../helpers/garage.ts';

const address = suite('an address');

const spellings = ['mayor', 'deacon', 'overseer', 'deacon/dogs/alpha', 'shop/witness', 'shop/refinery', 'shop/crew/ada', 'shop/polecats/nux'];

address('has one spelling', () => {
  for (const text of spellings) assert.is(formatAddress(parseAddress(text)), text);
});

address('is nothing else', () => {
  const wrong = ['', '/', 'shop', 'shop/', 'shop/crew', 'shop/crew/', 'shop/crew/ada/x', 'shop/crews/ada', '../crew/ada', 'Shop/crew/ada', 'shop/crew/$(id)', 'mayor/crew/ada', 'shop/polecats/mayor', 'shop/crew/a b', 'shop/crew/ada\n', 'deacon/dogs'];
  for (const text of wrong) assert.throws(() => parseAddress(text), refusal('address.bad'), text);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.is(formatAddress(parseAddress(text)), text);
      } catch (error) {
        assert.ok(refusal('address.bad')(error));
      }
    }),
  );
});

address.run();

const name = suite('a name');

name('is a lower-case word that no address uses', () => {
  for (const word of ['shop', 'a', 'nux2', 'war_rig', 'x'.repeat(40)]) assert.ok(isName(word));
  for (const word of ['', '2nux', 'War', 'a-b', 'a/b', '--force', '../..', 'mayor', 'crew', 'x'.repeat(41)]) {
    assert.not.ok(isName(word));
    assert.throws(() => checkName('rig', word), refusal('name.bad'));
  }
});

name.run();
