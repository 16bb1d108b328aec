/** Logs as Docker writes and rotates them, in memory. */
import { longestLogLine, mostLogBytes } from '@atoll/schema/node/logs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogFile } from './files.ts';
import { lineOf } from './line.ts';
import { cursorOf, fileMark, type Place, placeOf } from './place.ts';
import { beginning, type Read, readForward, readNewest, type Wanted } from './read.ts';

type Stream = 'stdout' | 'stderr';
const all: Wanted = { lines: 1000, bytes: mostLogBytes, stream: null, since: null, before: null };

/** One container's. */
class DockerLog {
  #files: string[] = [''];
  #nanos = 1_000_000_000n;
  readonly #size: number;
  readonly written: { readonly text: string; readonly stream: Stream }[] = [];

  constructor(size = Number.POSITIVE_INFINITY) {
    this.#size = size;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return Number(this.#nanos / 1_000_000n);
  }
  pass(ms: number): void {
    this.#nanos += BigInt(ms) * 1_000_000n;
  }

  #record(log: string, stream: Stream, time: string): void {
    const last = this.#files.length - 1;
    this.#files[last] += `${JSON.stringify({ log, stream, time })}\n`;
    if ((this.#files[last] ?? '').length >= this.#size) this.#files.push('');
  }

  /** Without an end: the last words of a process, or, of a long line, what came so far. */
  line(text: string, stream: Stream = 'stdout', end = '\n', between: () => void = () => {}): this {
    const time = new Date(this.now)
      .toISOString()
      .replace(/\.\d+Z/, `.${String(this.#nanos % 1_000_000_000n).padStart(9, '0')}Z`);
    this.#nanos += 1000n;
    const bytes = Buffer.from(text);
    this.written.push({ text, stream });
    for (let at = 0; at === 0 || at < bytes.length; at += 16_384) {
      const part = bytes.toString('utf8', at, at + 16_384);
      if (at > 0) between();
      this.#record(at + 16_384 >= bytes.length ? part + end : part, stream, time);
    }
    return this;
  }

  files(): LogFile[] {
    return this.#files.slice(-2).map((content) => {
      const bytes = Buffer.from(content);
      const first = content.indexOf('\n');
      return {
        mark: first < 0 ? null : fileMark(content.slice(0, first)),
        size: bytes.length,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
        async close() {},
      };
    });
  }
  newest = (wanted: Partial<Wanted> = {}) => readNewest(this.files(), { ...all, ...wanted });
  /** By its cursor, as an agent is asked. */
  after(place: Place, wanted: Partial<Wanted> = {}) {
    const again = placeOf(cursorOf(place));
    if (again === null) throw new Error(cursorOf(place));
    return readForward(this.files(), again, { ...all, ...wanted });
  }
}

const texts = ({ lines }: Read) => lines.map(({ text }) => text);

describe('the newest lines', () => {
  test('are told oldest first, with their time, their stream, and whether there are older ones', async () => {
    const log = new DockerLog().line('one').line('two', 'stderr').line('three\r');
    const read = await log.newest({ lines: 2 });
    expect(texts(read)).toEqual(['two', 'three']);
    expect(read.lines[0]).toMatchObject({ stream: 'STDERR', at: '1970-01-01T00:00:01.000Z', truncated: false });
    expect(read.more).toBe(true);
    expect(texts(await log.newest({ lines: 3 }))).toHaveLength(3);
    expect((await log.newest({ lines: 3 })).more).toBe(false);
  });

  test('can be those of one stream, those since a time, and those before the newest start', async () => {
    const log = new DockerLog().line('a').line('b', 'stderr');
    log.pass(1000);
    const then = log.now;
    log.line('c').line('d', 'stderr');
    expect(texts(await log.newest({ stream: 'STDERR' }))).toEqual(['b', 'd']);
    expect(texts(await log.newest({ since: then }))).toEqual(['c', 'd']);
    expect(texts(await log.newest({ before: then }))).toEqual(['a', 'b']);
    expect(texts(await log.newest({ before: then, lines: 1 }))).toEqual(['b']);
  });

  test('of a log in which nothing is: none, and what comes then is what comes after', async () => {
    const log = new DockerLog();
    const { place, lines } = await log.newest();
    expect(lines).toEqual([]);
    expect(texts(await log.after(place))).toEqual([]);
    log.line('first').line('second');
    const read = await log.after(place);
    expect([texts(read), read.gap]).toEqual([['first', 'second'], false]);
  });

  test('reach back over a rotation, and many blocks', async () => {
    const log = new DockerLog(600_000);
    for (let n = 0; n < 3000; n++) log.line(`${n} ${'x'.repeat(300)}`);
    const read = await log.newest({ lines: 1000 });
    expect(read.lines.map(({ text }) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: 1000 }, (_, n) => 2000 + n),
    );
  });
});

describe('hostile content', () => {
  test('a line of 1 MB is cut at 16,384 characters, and what follows it is told', async () => {
    const long = 'y'.repeat(1024 * 1024);
    const log = new DockerLog().line('before').line(long).line('after');
    for (const read of [await log.newest(), await log.after(beginning)]) {
      expect(read.lines.map(({ text, truncated }) => [text.length, truncated])).toEqual([
        [6, false],
        [longestLogLine, true],
        [5, false],
      ]);
    }
    expect(texts(await log.newest({ lines: 2 }))).toEqual([long.slice(0, longestLogLine), 'after']);
  });

  test('lines of both streams between the parts of a long one are told once, wherever reading goes on', async () => {
    const log = new DockerLog();
    log.line('z'.repeat(40_000), 'stdout', '\n', () => log.line('between', 'stderr'));
    log.line('after');
    const whole = [
      ['STDOUT', true],
      ['STDERR', false],
      ['STDERR', false],
      ['STDOUT', false],
    ];
    const told: unknown[] = [];
    let place = beginning;
    for (let n = 0; n < 4; n++) {
      const read = await log.after(place, { lines: 1 });
      place = read.place;
      told.push(...read.lines.map(({ stream, truncated }) => [stream, truncated]));
    }
    expect(told).toEqual(whole);
    expect((await log.newest()).lines.map(({ stream, truncated }) => [stream, truncated])).toEqual(whole);
  });

  test('control characters, quotes, broken characters and nothing at all come as they are', async () => {
    const odd = ['\u0000\u001b[31mred\u0007', '"}\\n{', '', '\ufffd\ufffd', '𐀀'.repeat(4000)];
    const log = new DockerLog();
    for (const text of odd) log.line(text);
    expect(texts(await log.newest())).toEqual(odd);
  });

  test('a character of two halves is not cut in the middle', async () => {
    const text = `x${'𐀀'.repeat(8192)}`;
    const [line] = (await new DockerLog().line(text).newest()).lines;
    expect(line?.truncated).toBe(true);
    expect(line?.text.isWellFormed()).toBe(true);
  });

  test('a record that is longer than any of Docker is cut, too', () => {
    const record = { log: `x${'𐀀'.repeat(20_000)}\n`, stream: 'STDOUT', time: '2026-11-24T00:00:00Z' } as const;
    const line = lineOf(record, 'a.1.0.0');
    expect(line.text).toBe(`x${'𐀀'.repeat(8191)}`);
    expect(line.truncated).toBe(true);
  });

  test('an answer has at most half a megabyte, and says that there is more', async () => {
    const log = new DockerLog();
    for (let n = 0; n < 100; n++) log.line('\u0000'.repeat(16_000));
    for (const read of [await log.newest(), await log.after(beginning)]) {
      expect(JSON.stringify(read.lines).length).toBeLessThanOrEqual(mostLogBytes + 16_000 * 6 + 1000);
      expect(read.lines.length).toBeGreaterThan(0);
      expect(read.more).toBe(true);
    }
  });

  test('what is no record is passed over', async () => {
    const log = new DockerLog().line('one');
    const [file] = log.files();
    const bytes = Buffer.concat([(await file?.read(0, 1e9)) ?? Buffer.of(), Buffer.from('{"log":5}\nnonsense\n\n')]);
    const rest = new DockerLog().line('two').files();
    const broken: LogFile = {
      ...{ mark: 'm', size: 0, async close() {} },
      read: async (offset, length) => whole.subarray(offset, offset + length),
    };
    const whole = Buffer.concat([bytes, (await rest[0]?.read(0, 1e9)) ?? Buffer.of()]);
    const files = [{ ...broken, size: whole.length }];
    expect(texts(await readNewest(files, all))).toEqual(['one', 'two']);
    expect(texts(await readForward(files, beginning, all))).toEqual(['one', 'two']);
  });
});

describe('going on after a place', () => {
  test('that is no longer kept says that there is a gap, and goes on with the oldest that is', async () => {
    const log = new DockerLog(10_000);
    log.line('first');
    const { place } = await log.newest();
    for (let n = 0; n < 1000; n++) log.line(`${n} ${'x'.repeat(100)}`);
    const read = await log.after(place);
    expect(read.gap).toBe(true);
    expect(Number(read.lines[0]?.text.split(' ')[0])).toBeGreaterThan(0);
    expect((await log.after(read.place)).gap).toBe(false);
  });

  test('a cursor of another kind is none', () => {
    for (const text of ['', 'x', '1.2.3', '1.2.3.4.5', '1.-5.0.0', '1.*.0.0']) expect(placeOf(text)).toBeNull();
  });

  test('however it is written, rotated and read: every line once and in order, or a gap is told where some are missing', async () => {
    const text = fc.oneof(
      { weight: 8, arbitrary: fc.string({ maxLength: 40 }).map((line) => line.replaceAll(/[\r\n]/g, '')) },
      { weight: 1, arbitrary: fc.constantFrom(...[40_000, 16_384, 16_383].map((length) => 'L'.repeat(length))) },
    );
    const write = fc.record({
      does: fc.constant('write' as const),
      lines: fc.array(
        fc.record({ text, stream: fc.constantFrom<Stream>('stdout', 'stderr'), end: fc.constantFrom('\n', '\n', '') }),
        { maxLength: 12 },
      ),
    });
    const read = fc.record({ does: fc.constant('read' as const), lines: fc.integer({ min: 1, max: 9 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(write, read), { maxLength: 40 }),
        fc.constantFrom(2000, 90_000, 1e9),
        async (steps, size) => {
          const log = new DockerLog(size);
          let place = (await log.newest({ lines: 0 })).place;
          let next = 0;
          let lost = false;
          const follow = async (lines: number) => {
            const found = await log.after(place, { lines });
            place = found.place;
            // Long ones by their beginning and their length.
            const shown = (line: string) =>
              line.length > 100 ? `${line.slice(0, 5)} ${Math.min(line.length, longestLogLine)}` : line;
            const told = found.lines.map((line) => ({ text: shown(line.text), stream: line.stream.toLowerCase() }));
            const expected = log.written.map((line) => ({ ...line, text: shown(line.text) }));
            // Something is missing before the first, which may itself be what is left of a long line: it goes on further on.
            lost ||= found.gap;
            if (lost) {
              const at = (lines: typeof told) =>
                expected.findIndex((_, index) => {
                  const those = expected.slice(index, index + lines.length);
                  return index >= next && JSON.stringify(those) === JSON.stringify(lines);
                });
              if (at(told) < 0) told.shift();
              if (told.length > 0) {
                next = at(told);
                expect(next).toBeGreaterThanOrEqual(0);
                lost = false;
              }
            }
            expect(told).toEqual(expected.slice(next, next + told.length));
            next += told.length;
            return found;
          };
          for (const step of steps) {
            if (step.does === 'read') await follow(step.lines);
            else for (const line of step.lines) log.line(`${log.written.length} ${line.text}`, line.stream, line.end);
          }
          while ((await follow(1000)).more);
          if (!lost) expect(next).toBe(log.written.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
