/** A record as the line that it is the beginning of. Pure. */
import { type LogLine, longestLogLine } from '@atoll/schema/node/logs';
import { goesOn, isWhole, type LogRecord } from './record.ts';

/** Half of a character that needs two is none. */
const cut = (text: string): string => {
  const whole = text.slice(0, longestLogLine);
  return /[\uD800-\uDBFF]$/.test(whole) ? whole.slice(0, -1) : whole;
};

export function lineOf(record: LogRecord, cursor: string): LogLine {
  const written = isWhole(record) ? record.log.slice(0, -1) : record.log;
  const line = written.endsWith('\r') ? written.slice(0, -1) : written;
  const text = cut(line);
  const { stream } = record;
  const at = new Date(record.time).toISOString();
  return { at, stream, text, truncated: goesOn(record) || text.length < line.length, cursor };
}
