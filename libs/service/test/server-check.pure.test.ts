import { describe, expect, test } from 'vitest';
import { type Setting, serverProblems } from '../src/server-check.ts';

const setting = (name: string, value: string, source = 'default'): Setting => ({
  ...{ name, setting: value, source, database: 'atoll', role: 'deploy' },
});
const fit = [
  setting('fsync', 'on'),
  setting('full_page_writes', 'on'),
  setting('synchronous_commit', 'on'),
  setting('server_version_num', '150004'),
  setting('server_encoding', 'UTF8'),
];
const having = (...changed: Setting[]) =>
  serverProblems([...fit.filter(({ name }) => !changed.some((one) => one.name === name)), ...changed]);

describe('a server', () => {
  test('that keeps what it acknowledges is taken', () => {
    expect(having()).toEqual([]);
    for (const mode of ['local', 'remote_write', 'remote_apply']) {
      expect(having(setting('synchronous_commit', mode))).toEqual([]);
    }
  });

  test.each([
    ['configuration file', "set fsync = on in the server's configuration"],
    ['command line', "set fsync = on in the server's configuration"],
    ['database', 'alter database atoll reset fsync'],
    ['user', 'alter role deploy reset fsync'],
    ['database user', 'alter role deploy in database atoll reset fsync'],
    ['global', 'alter role all reset fsync'],
    ['client', 'take it out of the URL'],
  ])('whose setting is off by its %s is refused, saying what to do about it', (source, text) => {
    expect(having(setting('fsync', 'off', source))).toEqual([expect.stringContaining(text)]);
  });

  test('that is too old, or of another encoding, is refused', () => {
    expect(having(setting('server_version_num', '140012'))).toEqual([expect.stringContaining('its version is 14')]);
    expect(having(setting('server_encoding', 'SQL_ASCII'))).toEqual([expect.stringContaining("encoding 'UTF8'")]);
  });

  test('that does not tell is refused', () => {
    expect(serverProblems([])).toHaveLength(5);
  });

  test('is told everything that is wrong at once', () => {
    expect(having(setting('fsync', 'off'), setting('full_page_writes', 'off'))).toHaveLength(2);
  });
});
