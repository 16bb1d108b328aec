import { describe, expect, test } from 'vitest';
import { pending } from '../src/migrate.ts';

const file = (name: string, checksum = 'c') => ({ name, sql: '', checksum });
const applied = (...names: string[]) => new Map(names.map((name) => [name, 'c']));
const engine = [file('0001_engine'), file('0002_engine')];
const own = [file('0001_own')];

describe('what is still to be migrated', () => {
  test('is all that was not run, folder by folder', () => {
    expect(pending('s', [engine, own], applied()).map((m) => m.name)).toEqual([
      '0001_engine',
      '0002_engine',
      '0001_own',
    ]);
    expect(pending('s', [engine, own], applied('0001_engine', '0001_own')).map((m) => m.name)).toEqual(['0002_engine']);
  });
  test('refuses a database that is newer than the program', () => {
    expect(() => pending('s', [engine], applied('0001_engine', '0002_engine', '0003_engine'))).toThrow(
      /is at 0003_engine, made by a newer version of Atoll.*Update this program/,
    );
  });
  test('refuses a file that was edited after it was run', () => {
    expect(() => pending('s', [[file('0001_own', 'other')]], applied('0001_own'))).toThrow(/edited.*0001_own/);
  });
  test('refuses a file that sorts before one that was run', () => {
    expect(() => pending('s', [engine], applied('0002_engine'))).toThrow(/0001_engine.*before 0002_engine/);
  });
  test('refuses two files of the same name', () => {
    expect(() => pending('s', [own, own], applied())).toThrow(/same name/);
  });
});
