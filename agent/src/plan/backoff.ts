/** 1, 2, 4 … 60 s after the first, second, third … failure in a row. */
export const backoffMs = (failures: number) => Math.min(60_000, 1000 * 2 ** Math.max(0, Math.min(failures - 1, 10)));
