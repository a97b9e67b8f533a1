// Folds a commit into a ledger, to be killed meanwhile: folder.ts <repository> <commit>.
import { fold } from '../../src/ledger/fold.ts';
import { ledgerAt } from '../helpers/ledger.ts';

const [path = '', commit = ''] = process.argv.slice(2);
await fold(ledgerAt(path), commit);
