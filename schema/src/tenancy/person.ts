/** What people are called in events and commands. */
import { z } from 'zod';

/**
 * The `sub` of a person's tokens: a pseudonym that their issuer made up, and what the log knows people by. It stands in
 * the envelope of everything they do, where no key covers it; so an address of e-mail is none.
 */
export const memberSubject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^@\s]*$/, "must be an identifier of the issuer's own making: an e-mail address or a name can't be erased");
export const displayName = z.string().trim().min(1).max(200);
export const email = z.email().max(254);
