/** Docker's log stream: frames of one output each (1 byte output, 3 zeros, 4 bytes length), or plain text with a terminal. */

const header = 8;
const maxLine = 16_384;

function isFramed(output: Buffer): boolean {
  return output.length >= header && (output[0] ?? 9) <= 2 && output.readUIntBE(1, 3) === 0;
}

function unframed(output: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + header <= output.length) {
    const length = output.readUInt32BE(at + 4);
    parts.push(output.subarray(at + header, at + header + length));
    at += header + length;
  }
  return Buffer.concat(parts);
}

/** Longer lines are cut at 16,384 characters. */
export function splitLogs(output: Buffer): string[] {
  const text = (isFramed(output) ? unframed(output) : output).toString('utf8');
  const lines = text.split('\n').map((line) => line.replace(/\r$/, '').slice(0, maxLine));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
