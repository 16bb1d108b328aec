/**
 * What services say of a refusal may name what is in the way. Who may read parts of the tenant alone isn't told of what
 * is elsewhere: there, that there is something is all they learn.
 */
import { idKind } from '@atoll/schema/ids';
import type { Viewer } from '../auth/viewers.ts';
import { type Locator, readPermissionOf } from './locate.ts';

const anyId = /\b[a-z]+_[0-9a-z]{26}\b/g;

/** `given`: what the request itself has named. */
export async function withoutElsewhere(
  locator: Locator,
  { access, tenant }: Pick<Viewer, 'access' | 'tenant'>,
  text: string,
  given: unknown,
): Promise<string> {
  if (tenant === null) return text;
  const known = JSON.stringify(given) ?? '';
  let told = text;
  for (const id of new Set(text.match(anyId))) {
    const read = idKind(id) === null || known.includes(id) ? null : readPermissionOf(id);
    if (read === null || access.reach(read).kind === 'everywhere') continue;
    const scope = await locator.locate(tenant, id);
    if (scope !== null && access.may(read, scope)) continue;
    // A name stands before the id that is in brackets.
    told = told.replaceAll(new RegExp(`(?:\\S+ )?\\(${id}\\)|${id}`, 'g'), 'something elsewhere');
  }
  return told;
}
