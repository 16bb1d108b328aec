/** Traces on their way to a node and back. */
import { z } from 'zod';

/** W3C traceparent; whoever can't read it goes on without. */
export const traceparent = z.string().max(100).nullable();

export const maxTraces = 16;
/** Traceparents of the changes that led from the generation that the agent had to this one, the newest first. */
export const traces = z.array(z.string().max(100)).max(maxTraces);
