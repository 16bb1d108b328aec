/** How much of a connection is asked for. */
import { ApiError } from '../../errors.ts';
import type { SortKey } from '../../schema/model.ts';
import type { Variables } from './collect.ts';
import { decodeCursor, type Place } from './cursor.ts';
import type { Args } from './plan.ts';

export const maxPage = 100;
export const defaultPage = 20;

export function pageSize(args: Args, variables: Variables): number {
  const first = args(variables).first ?? defaultPage;
  if (typeof first !== 'number' || first < 1 || first > maxPage) {
    throw new ApiError('BAD_USER_INPUT', `\`first\` must be from 1 to ${maxPage}.`);
  }
  return first;
}

export function pageStart(args: Args, variables: Variables, sort: SortKey): Place {
  return decodeCursor(String(args(variables).after), sort);
}
