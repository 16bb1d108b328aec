/** Services: virtual addresses with names, and when an endpoint takes the connections of those that select it. */
import { z } from 'zod';
import { port, protocol } from '../deploy/ports.ts';
import { id } from '../ids.ts';
import { labels, name } from '../text.ts';

export const MAX_SERVICE_PORTS = 32;
/** Of one namespace. */
export const MAX_SERVICES = 256;

const differ = <T>(items: readonly T[], key: (item: T) => string | number) =>
  new Set(items.map(key)).size === items.length;

export const servicePort = z.strictObject({
  name: name.describe('Name of the port, unique in the service: SRV records have it.'),
  protocol,
  port: port.describe('Where clients connect to.'),
  targetPort: port.describe('The port of the instances that it leads to.'),
});
export type ServicePort = z.infer<typeof servicePort>;

export const serviceSpec = z.strictObject({
  selector: labels.meta({
    description: "Instances of the service's namespace that carry all of these; none: all of them.",
  }),
  ports: z
    .array(servicePort)
    .min(1)
    .max(MAX_SERVICE_PORTS)
    .refine(
      (ports) => differ(ports, ({ protocol, port }) => `${protocol} ${port}`),
      'each port can be given once for each protocol',
    )
    .refine((ports) => differ(ports, (one) => one.name), 'the names of the ports must differ')
    .meta({ 'x-rule': 'unique (protocol, port), unique name' })
    .describe('Where it can be connected to.'),
  affinitySeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .nullable()
    .describe(
      'A client stays with an instance until it has opened no connection for so many seconds; null: it does not.',
    )
    .meta({ 'x-unit': 's' }),
});
export type ServiceSpec = z.infer<typeof serviceSpec>;

const service = { serviceId: id('service'), namespaceId: id('namespace') };
const addresses = {
  ipv4: z.ipv4().describe('Its virtual IPv4 address, for as long as it lives.'),
  ipv6: z.ipv6().describe('Its virtual IPv6 address, for as long as it lives.'),
};
const endpoint = z.strictObject({ instanceId: id('instance'), namespaceId: id('namespace'), nodeId: id('node') });

export const serviceEvents = {
  ServiceCreated: {
    doc: 'A virtual address leads to the ready instances that the service selects, by a name that outlives them.',
    stream: 'service',
    version: 1,
    data: z.strictObject({ ...service, name, ...addresses, spec: serviceSpec.describe('What it leads to.') }),
  },
  ServiceUpdated: {
    doc: 'The service leads elsewhere from now on; its name and addresses stay.',
    stream: 'service',
    version: 1,
    data: z.strictObject({ ...service, spec: serviceSpec.describe('What it leads to.') }),
  },
  ServiceLabelsSet: {
    doc: 'The service itself has these labels from now on, and no others. Where it leads stays.',
    stream: 'service',
    version: 1,
    data: z.strictObject({ ...service, labels: labels.meta({ description: 'All of its labels, by key.' }) }),
  },
  ServiceDeleted: {
    doc: 'The name is free again; the addresses rest before another service can get them.',
    stream: 'service',
    version: 1,
    data: z.strictObject({ ...service, name, ...addresses }),
  },

  EndpointServing: {
    doc: 'The instance is ready: services that select it send it connections.',
    stream: 'endpoint',
    version: 1,
    data: endpoint,
  },
  EndpointWithdrawn: {
    doc: 'The instance is to stop, or serves no longer: no service sends it a new connection.',
    stream: 'endpoint',
    version: 1,
    data: endpoint,
  },
  EndpointDrained: {
    doc: 'Every node that is heard of has stopped sending it connections: now it may be stopped.',
    stream: 'endpoint',
    version: 1,
    data: endpoint,
  },
} as const;

const told = z.strictObject({
  serviceId: id('service'),
  /** What it does as it was told, and perhaps not as it was meant. */
  warnings: z.array(z.strictObject({ code: z.enum(['SELECTS_NOTHING']), message: z.string() })),
});

export const serviceCommands = {
  CreateService: {
    input: z.strictObject({ namespaceId: id('namespace'), name, spec: serviceSpec }),
    result: told,
  },
  UpdateService: { input: z.strictObject({ serviceId: id('service'), spec: serviceSpec }), result: told },
  /** All labels of the service itself: not those that it selects by. */
  SetServiceLabels: {
    input: z.strictObject({ serviceId: id('service'), labels }),
    result: z.strictObject({ serviceId: id('service') }),
  },
  DeleteService: {
    input: z.strictObject({ serviceId: id('service') }),
    result: z.strictObject({ serviceId: id('service') }),
  },
} as const;
