/** Which errors of PostgreSQL say that the statement will never do, and which pass by themselves. */
import { isConnectionError } from '@atoll/service/postgres';
import pg from 'pg';

const { DatabaseError } = pg;

/**
 * SQLSTATE classes and codes after which the same statement may succeed: connection (08), resources (53), a transaction
 * that lost against another (40), the server going down or coming up (57P0.), its disk (58), a lock that wasn't to be
 * had, a session that was ended because it stood still in a transaction (25P03, 25P04), and a server that is a read-only
 * standby for the moment.
 */
const passing = /^(08|53|40|57P0|58)|^(55P03|25006|25P03|25P04)$/;
/** A statement that took too long. For an append a matter of load; for others it may be their own fault. */
const CANCELLED = '57014';

/** The server was asked to append and said no, and will say so again. */
export const isFinal = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code !== CANCELLED && !passing.test(error.code ?? '');

/** The server or the way to it is at fault, not the statement. */
export const isPassing = (error: unknown): boolean =>
  error instanceof DatabaseError ? passing.test(error.code ?? '') : isConnectionError(error);
