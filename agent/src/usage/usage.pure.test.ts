import { mostUsageSamples, usageSampleMs } from '@atoll/schema/node/usage';
import { newId } from '@atoll/service/ids';
import { describe, expect, test } from 'vitest';
import { countersOf, groupsOf, type UsageCounters } from './counters.ts';
import { createUsageHistory } from './history.ts';

const network = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999       9    0    0    0     0          0         0      999       9    0    0    0     0       0          0
  eth0:    1114      11    0    0    0     0          0         0      795       8    0    2    0     0       0          0
`;

describe('counters of the kernel', () => {
  const same = {
    periods: 40,
    throttledPeriods: 10,
    receivedBytes: 1114,
    receivedPackets: 11,
    sentBytes: 795,
    sentPackets: 8,
  };

  test('are the same of both versions of control groups, without the loopback and files that can be given back', () => {
    const old = countersOf({
      ...{ cpuUsage: '2500000000\n', cpuStat: 'nr_periods 40\nnr_throttled 10\nthrottled_time 5\n', network },
      ...{ memoryUsage: '10485760\n', memoryStat: 'inactive_file 1\ntotal_inactive_file 4194304\n' },
    });
    const unified = countersOf({
      ...{ cpuUsage: null, cpuStat: 'usage_usec 2500000\nuser_usec 1\nnr_periods 40\nnr_throttled 10\n', network },
      ...{ memoryUsage: '10485760\n', memoryStat: 'anon 5\ninactive_file 4194304\n' },
    });
    expect(old).toEqual({ ...same, cpuNanos: 2_500_000_000, memoryBytes: 6_291_456 });
    expect(unified).toEqual(old);
  });

  test('are in the folders that the process says', () => {
    expect(groupsOf('4:memory:/docker/a\n2:cpuacct:/docker/a\n1:cpu:/docker/a\n0::/docker/a\n')).toEqual({
      ...{ cpu: '/cpu/docker/a', cpuUsage: '/cpuacct/docker/a', memory: '/memory/docker/a' },
    });
    expect(groupsOf('3:cpu,cpuacct:/docker/a\n2:memory:/docker/a\n')).toMatchObject({ cpuUsage: '/cpuacct/docker/a' });
    expect(groupsOf('0::/system.slice/docker-a.scope\n')).toEqual({
      ...{ cpu: '/system.slice/docker-a.scope', cpuUsage: null, memory: '/system.slice/docker-a.scope' },
    });
    expect(groupsOf('nonsense')).toBeNull();
  });
});

describe('the history of an hour', () => {
  const one = newId('instance');
  const at = (n: number) => 1_700_000_000_000 + n * usageSampleMs;
  const run = (of: string, counters: UsageCounters) => new Map([[of, counters]]);
  const counted = (n: number): UsageCounters => ({
    ...{ cpuNanos: n * 7.5e9, periods: n * 100, throttledPeriods: n * 25, memoryBytes: n },
    ...{ receivedBytes: n * 10, receivedPackets: n, sentBytes: n * 20, sentPackets: n * 2 },
  });

  test('has what the counters grew by, and nothing before there are two', () => {
    const history = createUsageHistory();
    history.add(one, run('first run', counted(0)), at(0));
    expect(history.read(one, null, at(0))).toEqual([]);
    history.add(one, run('first run', counted(1)), at(1));
    expect(history.read(one, null, at(1))).toEqual([
      {
        ...{ at: new Date(at(1)).toISOString(), seconds: 15, cpuMillis: 500, cpuThrottled: 0.25, memoryBytes: 1 },
        ...{ receivedBytes: 10, receivedPackets: 1, sentBytes: 20, sentPackets: 2 },
      },
    ]);
  });

  test('begins anew with each start, and is never below nothing', () => {
    const history = createUsageHistory();
    history.add(one, run('first run', counted(50)), at(0));
    history.add(one, run('second run', counted(1)), at(1));
    expect(history.read(one, null, at(1))).toEqual([]);
    history.add(one, run('second run', counted(0)), at(2));
    expect(history.read(one, null, at(2))).toMatchObject([{ cpuMillis: 0, cpuThrottled: 0, receivedBytes: 0 }]);
  });

  test('adds up all processes, which have one network; one that was started meanwhile counts from nothing', () => {
    const history = createUsageHistory();
    const both = (n: number, other: number, of: string) => new Map([...run('web', counted(n)), [of, counted(other)]]);
    history.add(one, both(1, 3, 'cache'), at(0));
    history.add(one, both(2, 4, 'cache'), at(1));
    expect(history.read(one, null, at(1))).toMatchObject([
      { cpuMillis: 1000, cpuThrottled: 0.25, memoryBytes: 6, sentBytes: 20 },
    ]);
    history.add(one, both(3, 1, 'cache again'), at(2));
    expect(history.read(one, null, at(2))).toMatchObject([{ cpuMillis: 1000, memoryBytes: 4, sentBytes: 20 }]);
    history.add(one, run('cache again', counted(2)), at(3));
    expect(history.read(one, null, at(3))).toMatchObject([{ cpuMillis: 500, memoryBytes: 2, sentBytes: 20 }]);
  });

  test('is bounded by an hour and by its samples, and forgets who is gone', () => {
    const history = createUsageHistory();
    for (let n = 0; n < 2 * mostUsageSamples; n++) history.add(one, run('run', counted(n)), at(n));
    const now = at(2 * mostUsageSamples - 1);
    expect(history.read(one, 0, now)).toHaveLength(mostUsageSamples);
    expect(history.read(one, at(2 * mostUsageSamples - 4), now)).toHaveLength(3);
    expect(history.read(one, 0, now + 1_800_000)).toHaveLength(mostUsageSamples / 2);
    // Looked at more often than that, it has no more.
    for (let n = 0; n < 2 * mostUsageSamples; n++) history.add(one, run('often', counted(n)), now + n);
    expect(history.read(one, 0, now)).toHaveLength(mostUsageSamples);
    history.keep(new Set());
    expect(history.read(one, 0, now)).toEqual([]);
  });
});
