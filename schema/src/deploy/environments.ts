/** Which images run where: what of the environments' rules has come to this context, and which images have proven themselves. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { imageRules } from '../tenancy/environments.ts';

export const deployEnvironmentEvents = {
  EnvironmentRulesAdopted: {
    doc: 'What is deployed or upgraded in the environment from this event on is decided by these rules.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({
      environmentId: id('environment'),
      revision: z.number().int().min(1).describe('Counts the changes, from 1.'),
      rules: imageRules.describe('Its image rules.'),
      sources: z.array(id('environment')).max(1000).describe('Environments that promote to it, sorted.'),
    }),
  },
  EnvironmentRulesDropped: {
    doc: 'The environment is gone: its rules, and which images have proven themselves in it, are kept here no longer.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment') }),
  },
  ImageProven: {
    doc: 'The image has run, whole and ready: environments that its own one promotes to may take it.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      releaseId: id('release'),
      image: z.string().min(1).max(512).describe('The image, with its digest.'),
    }),
  },
} as const;
