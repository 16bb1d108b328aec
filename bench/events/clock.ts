/** In ms, of the machine since its start: the same for all processes on it, and never set back. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6;
