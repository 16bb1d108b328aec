/** Shapes of text that people choose: names and labels. */
import { z } from 'zod';

/** A resource name: an RFC 1123 label, 1–63 characters. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1–63 lower-case letters, digits or hyphens, and start and end with a letter or digit',
  )
  .describe('Name, an RFC 1123 label.');

const labelPart = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
export const labelKey = z
  .string()
  .regex(labelPart, 'a label key has 1–63 letters, digits, dots, underscores or hyphens');
export const labelValue = z
  .string()
  .regex(labelPart, 'a label value has 1–63 letters, digits, dots, underscores or hyphens');

export const MAX_LABELS = 32;
/** At most 32 labels on one thing. */
export const labels = z
  .record(labelKey, labelValue)
  .refine((all) => Object.keys(all).length <= MAX_LABELS, `at most ${MAX_LABELS} labels`)
  // JSON Schema can't see into the refinement: it is told.
  .meta({ description: 'Labels by key.', maxProperties: MAX_LABELS });
export type Labels = z.infer<typeof labels>;
