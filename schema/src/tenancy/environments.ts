/**
 * Environments beyond their creation: their names, which of them releases are promoted to, and which images they may run.
 * Streams: `environment:<id>`, `promotion:<tenant>`.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { name } from '../text.ts';

/** OTHER is a stage of the tenant's own making, of which its name says all. */
export const environmentKinds = ['DEVELOPMENT', 'TEST', 'STAGING', 'PRODUCTION', 'OTHER'] as const;

export const MAX_TARGETS = 20;
export const MAX_PATTERNS = 100;

const repositorySegment = String.raw`(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*|\*)`;
/**
 * `registry/repository`, where a part of the repository may be `*` (any one part) and the last one `**` (any number of
 * parts, at least one). The registry is given as it is, with its port.
 */
export const imagePattern = z
  .string()
  .max(300)
  .regex(
    new RegExp(String.raw`^[a-z0-9.-]+(?::[0-9]{1,5})?\/(?:${repositorySegment}\/)*(?:${repositorySegment}|\*\*)$`),
    'must be a registry and a repository, like registry.example:5000/team/app; a part of the repository may be *, the last one **',
  );

export const imageRules = z.strictObject({
  /** Empty: none. */
  allowed: z
    .array(imagePattern)
    .max(MAX_PATTERNS)
    .nullable()
    .describe('Patterns of which an image must match one; null where any registry of the platform will do.'),
  promotedOnly: z
    .boolean()
    .describe('Only images that have run, whole and ready, in an environment that promotes to this one.'),
});
export type ImageRules = z.infer<typeof imageRules>;
export const noImageRules: ImageRules = { allowed: null, promotedOnly: false };

const kind = z.enum(environmentKinds).describe('What the stage is for.');
const targets = z
  .array(id('environment'))
  .max(MAX_TARGETS)
  .refine((all) => new Set(all).size === all.length, 'names an environment twice');

export const environmentEvents = {
  EnvironmentChanged: {
    doc: 'The environment has another name, or is for something else.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment'), name, kind }),
  },
  ImageRulesSet: {
    doc: 'What is deployed or upgraded in the environment from now on obeys these rules; what runs there goes on.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment'), rules: imageRules.describe('All of its rules.') }),
  },
  PromotionSet: {
    doc: 'Releases of the environment are promoted to these ones from now on.',
    stream: 'promotion',
    version: 1,
    data: z.strictObject({
      environmentId: id('environment'),
      promotesTo: z.array(id('environment')).describe('In the order given.'),
      before: z.array(id('environment')).describe('Where they were promoted to until now.'),
    }),
  },
} as const;

export const environmentCommands = {
  /** What is left out stays. */
  ChangeEnvironment: {
    input: z.strictObject({
      environmentId: id('environment'),
      name: name.optional(),
      kind: kind.optional(),
    }),
    result: z.strictObject({ environmentId: id('environment') }),
  },
  /** The environment's targets, all of them. */
  SetPromotion: {
    input: z.strictObject({ environmentId: id('environment'), promotesTo: targets }),
    result: z.strictObject({ environmentId: id('environment') }),
  },
  SetImageRules: {
    input: z.strictObject({ environmentId: id('environment'), rules: imageRules }),
    result: z.strictObject({ environmentId: id('environment') }),
  },
} as const;
