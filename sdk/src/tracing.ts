/** What the caller's tracing says, as it may be sent: https://www.w3.org/TR/trace-context/#traceparent-header */
const version00 = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export const traceparentOf = (ask: (() => string | undefined) | undefined): string | null => {
  const told = ask?.();
  return told !== undefined && version00.test(told) ? told : null;
};
