/** Labels of tenants, and of environments and namespaces after their creation. Streams: `tenant:<id>`, `environment:<id>`, `namespace:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { labels } from '../text.ts';

const all = labels.meta({ description: 'All of its labels, by key.' });

export const labelEvents = {
  TenantLabelsSet: {
    doc: 'The tenant has these labels from now on, and no others.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({ tenantId: id('tenant'), labels: all }),
  },
  EnvironmentLabelsSet: {
    doc: 'The environment has these labels from now on, and no others.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment'), labels: all }),
  },
  NamespaceLabelsSet: {
    doc: 'The namespace has these labels from now on, and no others.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), labels: all }),
  },
} as const;

export const labelCommands = {
  /** All of its labels: what isn't among them goes. */
  SetTenantLabels: {
    input: z.strictObject({ labels }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
  SetEnvironmentLabels: {
    input: z.strictObject({ environmentId: id('environment'), labels }),
    result: z.strictObject({ environmentId: id('environment') }),
  },
  SetNamespaceLabels: {
    input: z.strictObject({ namespaceId: id('namespace'), labels }),
    result: z.strictObject({ namespaceId: id('namespace') }),
  },
} as const;
