import type { PolicySchedule } from '@atoll/schema/network/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activeAt, isTimeZone, nextChangeAt } from './schedule.ts';

const always: PolicySchedule = { startsAt: null, endsAt: null, windows: [], timeZone: 'UTC' };
const workdays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] as const;
const office: PolicySchedule = {
  ...always,
  windows: [{ days: [...workdays], from: '08:00', to: '17:30' }],
  timeZone: 'Europe/Berlin',
};
const active = (schedule: PolicySchedule, at: string) => activeAt(schedule, new Date(at));
const next = (schedule: PolicySchedule, at: string) => nextChangeAt(schedule, new Date(at));

describe('a schedule', () => {
  it('begins at its start and ends before its end', () => {
    const term = { ...always, startsAt: '2026-12-01T00:00:00Z', endsAt: '2026-12-02T00:00:00Z' };
    expect(active(term, '2026-11-30T23:59:59.999Z')).toBe(false);
    expect(active(term, '2026-12-01T00:00:00Z')).toBe(true);
    expect(active(term, '2026-12-02T00:00:00Z')).toBe(false);
    expect(next(term, '2026-11-01T00:00:00Z')).toBe('2026-12-01T00:00:00.000Z');
    expect(next(term, '2026-12-01T00:00:00Z')).toBe('2026-12-02T00:00:00.000Z');
    expect(next(term, '2026-12-02T00:00:00Z')).toBeNull();
  });

  it('opens its windows by the wall clock of its zone, in winter and in summer', () => {
    expect(active(office, '2026-11-23T06:59:59Z')).toBe(false);
    expect(active(office, '2026-11-23T07:00:00Z')).toBe(true);
    expect(active(office, '2026-11-23T16:30:00Z')).toBe(false);
    expect(active(office, '2026-07-20T06:00:00Z')).toBe(true);
    expect(active(office, '2026-11-22T10:00:00Z')).toBe(false);
    expect(next(office, '2026-11-20T18:00:00Z')).toBe('2026-11-23T07:00:00.000Z');
  });

  it('goes on past midnight where a window ends before it begins', () => {
    const night = { ...always, windows: [{ days: ['FRIDAY' as const], from: '22:00', to: '02:00' }] };
    expect(active(night, '2026-11-27T21:59:00Z')).toBe(false);
    expect(active(night, '2026-11-27T23:00:00Z')).toBe(true);
    expect(active(night, '2026-11-28T01:59:00Z')).toBe(true);
    expect(active(night, '2026-11-28T02:00:00Z')).toBe(false);
    expect(active(night, '2026-11-27T01:00:00Z')).toBe(false);
  });

  it('that is a whole day long every day never changes', () => {
    const days = [...workdays, 'SATURDAY' as const, 'SUNDAY' as const];
    const whole = { ...always, windows: [{ days, from: '00:00', to: '00:00' }] };
    expect(next(whole, '2026-11-27T21:59:00Z')).toBeNull();
  });

  it('knows the zones of the IANA database, and no others', () => {
    expect(['Europe/Berlin', 'UTC', 'America/Sao_Paulo'].map(isTimeZone)).toEqual([true, true, true]);
    expect(['Mars/Olympus', '$(reboot)', ''].map(isTimeZone)).toEqual([false, false, false]);
  });

  it('says when it changes next: nothing changes before, and it is the other way round then', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe');
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
    const window = fc.record({
      days: fc.subarray([...workdays, 'SUNDAY'] as const, { minLength: 1 }),
      from: time,
      to: time,
    });
    const moment = fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2027-12-31T00:00:00Z') });
    fc.assert(
      fc.property(zone, fc.array(window, { minLength: 1, maxLength: 3 }), moment, (timeZone, windows, at) => {
        const schedule: PolicySchedule = {
          ...always,
          windows: windows.map((one) => ({ ...one, days: [...one.days] })),
          timeZone,
        };
        const before = activeAt(schedule, new Date(at));
        const change = nextChangeAt(schedule, new Date(at));
        const until = change === null ? at + 8 * 24 * 3_600_000 : Date.parse(change);
        if (change !== null) expect(activeAt(schedule, new Date(change))).toBe(!before);
        for (let minute = at; minute < until; minute += 7 * 60_000) {
          expect(activeAt(schedule, new Date(minute)), new Date(minute).toISOString()).toBe(before);
        }
        if (change !== null) expect(activeAt(schedule, new Date(Math.max(until - 60_000, at)))).toBe(before);
      }),
      { numRuns: 60 },
    );
  });
});
