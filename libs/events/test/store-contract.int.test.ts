import { openTestStores } from '../src/testing/open-store.ts';
import { storeContract } from '../src/testing/store-contract.ts';

storeContract('PostgreSQL', async () => {
  const stores = await openTestStores();
  return { a: stores.open().store, b: stores.open().store, close: stores.close };
});
