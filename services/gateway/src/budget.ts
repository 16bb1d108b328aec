/** What a tenant may spend: a bucket of points that fills evenly, and holds a minute's worth. */
import { ApiError } from './errors.ts';

export interface Budget {
  /** Throws BUDGET_EXCEEDED, with the seconds after which there will be enough. */
  /** `own`: what the scope's plan gives it per minute; never more than the gateway gives anybody. */
  spend(scope: string, points: number, own?: number): void;
}

interface Bucket {
  points: number;
  at: number;
}

/** A full bucket is as good as none: they are dropped once there are so many. */
const maxBuckets = 10_000;

export function createBudget(mostPerMinute: number, now: () => number = Date.now): Budget {
  const buckets = new Map<string, Bucket>();

  function bucketOf(scope: string, pointsPerMinute: number): Bucket {
    const at = now();
    const bucket = buckets.get(scope) ?? { points: pointsPerMinute, at };
    bucket.points = Math.min(pointsPerMinute, bucket.points + ((at - bucket.at) * pointsPerMinute) / 60_000);
    bucket.at = at;
    if (!buckets.has(scope) && buckets.size >= maxBuckets) {
      for (const [other, { points }] of buckets) if (points >= mostPerMinute) buckets.delete(other);
    }
    buckets.set(scope, bucket);
    return bucket;
  }

  return {
    spend(scope, points, own = mostPerMinute) {
      const pointsPerMinute = Math.min(mostPerMinute, own);
      const perMs = pointsPerMinute / 60_000;
      const bucket = bucketOf(scope, pointsPerMinute);
      if (bucket.points < points) {
        const retryAfter = Math.max(1, Math.ceil((points - bucket.points) / perMs / 1000));
        throw new ApiError(
          'BUDGET_EXCEEDED',
          `This costs ${points} points, and your tenant has ${Math.floor(bucket.points)} left of ${pointsPerMinute} per minute. Try again in ${retryAfter} s.`,
          { extra: { retryAfter } },
        );
      }
      bucket.points -= points;
    },
  };
}
