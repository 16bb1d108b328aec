/** The one program in the examples' images: a statically linked busybox, as it runs with no other file beside it. */
import { readFile } from 'node:fs/promises';

const places = ['/bin/busybox', '/usr/bin/busybox'];

export async function readBusybox(): Promise<Buffer> {
  for (const place of places) {
    const bytes = await readFile(place).catch(() => null);
    if (bytes === null) continue;
    if (isDynamic(bytes)) {
      throw new Error(`${place} needs shared libraries, and an image has none: apt-get install busybox-static`);
    }
    return bytes;
  }
  throw new Error(`there is no ${places.join(' and no ')}: apt-get install busybox-static`);
}

const PT_INTERP = 3;

/** Whether an ELF file asks for a dynamic loader: a program header of the type PT_INTERP (64 bits, little endian). */
function isDynamic(elf: Buffer): boolean {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) return false;
  const start = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  const count = elf.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    if (elf.readUInt32LE(start + index * size) === PT_INTERP) return true;
  }
  return false;
}
