/** Mutations of services. */
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { tenantOf } from './tenancy.ts';

interface SpecInput {
  readonly selector: readonly LabelInput[];
  readonly ports: readonly {
    readonly name?: string | null;
    readonly protocol: string;
    readonly port: number;
    readonly targetPort?: number | null;
  }[];
  readonly affinitySeconds?: number | null;
}

const specOf = ({ selector, ports, affinitySeconds }: SpecInput) => ({
  selector: labelMap(selector),
  ports: ports.map(({ name, protocol, port, targetPort }) => ({
    name: name ?? `${protocol.toLowerCase()}-${port}`,
    ...{ protocol, port, targetPort: targetPort ?? port },
  })),
  affinitySeconds: affinitySeconds ?? null,
});

const specFields = {
  renamed: { spec: '', 'spec.selector': 'selector', 'spec.ports': 'ports', 'spec.affinitySeconds': 'affinitySeconds' },
  keyed: { selector: 'key' },
};
const warned = (result: Readonly<Record<string, unknown>>) => ({ warnings: result.warnings });

interface CreateServiceInput extends Keyed, SpecInput {
  readonly namespaceId: string;
  readonly name: string;
}

const createService = mutation<CreateServiceInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'CreateService',
  rows: { service: 'serviceId' },
  ...specFields,
  order: (input, { viewer }) =>
    labelRepetition(input.selector, 'selector') ?? {
      tenant: tenantOf(viewer),
      data: { namespaceId: input.namespaceId, name: input.name, spec: specOf(input) },
      expectedVersion: null,
      shown: warned,
    },
});

interface UpdateServiceInput extends Versioned, SpecInput {
  readonly serviceId: string;
}

const updateService = mutation<UpdateServiceInput>({
  touches: ['serviceId'],
  context: 'network',
  command: 'UpdateService',
  rows: { service: 'serviceId' },
  ...specFields,
  order: (input, { viewer }) =>
    labelRepetition(input.selector, 'selector') ?? {
      tenant: tenantOf(viewer),
      data: { serviceId: input.serviceId, spec: specOf(input) },
      expectedVersion: input.expectedVersion ?? null,
      shown: warned,
    },
});

interface DeleteServiceInput extends Versioned {
  readonly serviceId: string;
}

const deleteService = mutation<DeleteServiceInput>({
  touches: ['serviceId'],
  context: 'network',
  command: 'DeleteService',
  rows: {},
  order: ({ serviceId, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { serviceId },
    expectedVersion: expectedVersion ?? null,
    shown: (result) => ({ deletedId: result.serviceId }),
  }),
});

export const serviceMutations = { createService, updateService, deleteService };
