/** Ports, as everybody names them. */
import { z } from 'zod';

export const protocols = ['TCP', 'UDP'] as const;
export const port = z.number().int().min(1).max(65535).describe('Port number.');
export const protocol = z.enum(protocols).describe('Transport protocol.');

export const containerPort = z.strictObject({ port, protocol });
