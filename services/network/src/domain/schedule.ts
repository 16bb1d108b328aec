/**
 * When a policy decides. Whether it does is asked of the wall clock in the schedule's time zone, so a change to summer time
 * or back needs no rule of its own: a window that lies in the hour that is left out isn't there that day, one in the hour
 * that comes twice is there twice.
 */
import { type PolicySchedule, type WeeklyWindow, weekDays } from '@atoll/schema/network/spec';

type WeekDay = (typeof weekDays)[number];

interface WallTime {
  readonly day: WeekDay;
  /** Since midnight, in minutes. */
  readonly minutes: number;
}

const dayMs = 24 * 3_600_000;
/** Formatters are costly to make. Names of zones are few: more than these are no names of people. */
const maxFormatters = 1000;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' },
    ...{ minute: '2-digit', second: '2-digit', weekday: 'long' },
  });
  if (formatters.size < maxFormatters) formatters.set(timeZone, made);
  return made;
}

export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

const partsAt = (timeZone: string, at: number): ReadonlyMap<string, string> =>
  new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );

function wallTimeAt(timeZone: string, at: number): WallTime {
  const parts = partsAt(timeZone, at);
  const day = weekDays.find((one) => one === parts.get('weekday')?.toUpperCase()) ?? 'MONDAY';
  return { day, minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

/** How far the zone's wall clock is ahead of UTC at that instant, in ms. */
function offsetAt(timeZone: string, at: number): number {
  const parts = partsAt(timeZone, at);
  const part = (type: string) => Number(parts.get(type));
  const [year, month, date, hour] = [part('year'), part('month') - 1, part('day'), part('hour')];
  return Date.UTC(year, month, date, hour, part('minute'), part('second')) - Math.floor(at / 1000) * 1000;
}

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const dayBefore = (day: WeekDay): WeekDay => weekDays[(weekDays.indexOf(day) + 6) % 7] ?? 'SUNDAY';

function within({ days, from, to }: WeeklyWindow, { day, minutes }: WallTime): boolean {
  const [first, end] = [minutesOf(from), minutesOf(to)];
  if (first < end) return days.includes(day) && minutes >= first && minutes < end;
  return (days.includes(day) && minutes >= first) || (days.includes(dayBefore(day)) && minutes < end);
}

export function activeAt(schedule: PolicySchedule | null, now: Date): boolean {
  if (schedule === null) return true;
  const { startsAt, endsAt, windows, timeZone } = schedule;
  const at = now.getTime();
  if (startsAt !== null && at < Date.parse(startsAt)) return false;
  if (endsAt !== null && at >= Date.parse(endsAt)) return false;
  if (windows.length === 0) return true;
  const time = wallTimeAt(timeZone, at);
  return windows.some((window) => within(window, time));
}

/** Instants around `day` at which the wall clock shows that time, or would; both, where it shows it twice. */
function instantsOf(timeZone: string, day: number, minutes: number): number[] {
  const wall = day + minutes * 60_000;
  return [wall - dayMs, wall + dayMs].map((near) => wall - offsetAt(timeZone, near));
}

/** When it begins or ends to decide next; null where it never does. */
export function nextChangeAt(schedule: PolicySchedule | null, now: Date): string | null {
  if (schedule === null) return null;
  const { startsAt, endsAt, windows, timeZone } = schedule;
  const at = now.getTime();
  const start = startsAt === null ? at : Math.max(at, Date.parse(startsAt));
  const times = windows.flatMap(({ from, to }) => [minutesOf(from), minutesOf(to)]);
  const firstDay = Math.floor((start + offsetAt(timeZone, start)) / dayMs) * dayMs;
  // A day before, for zones ahead; nine on, so that each day of the week comes whole.
  const days = windows.length === 0 ? [] : Array.from({ length: 11 }, (_, n) => firstDay + (n - 1) * dayMs);
  const candidates = [
    ...[startsAt, endsAt].flatMap((time) => (time === null ? [] : [Date.parse(time)])),
    ...days.flatMap((day) => times.flatMap((minutes) => instantsOf(timeZone, day, minutes))),
    // A change of the clock itself moves into windows and out of them.
    ...days.flatMap((day) => clockChanges(timeZone, day)),
  ];
  const active = activeAt(schedule, now);
  const next = [...new Set(candidates)]
    .filter((candidate) => candidate > at)
    .sort((a, b) => a - b)
    .find((candidate) => activeAt(schedule, new Date(candidate)) !== active);
  return next === undefined ? null : new Date(next).toISOString();
}

/** The instant within the day from `from` on at which the zone's offset changes; none on most days. */
function clockChanges(timeZone: string, from: number): number[] {
  let [low, high] = [from, from + dayMs];
  const before = offsetAt(timeZone, low);
  if (offsetAt(timeZone, high) === before) return [];
  while (high - low > 60_000) {
    const middle = low + Math.floor((high - low) / 120_000) * 60_000;
    if (offsetAt(timeZone, middle) === before) low = middle;
    else high = middle;
  }
  return [high];
}
