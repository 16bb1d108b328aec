/** What a release has shipped, by hash: its golden files, and each version of each event. Written once, when it ships. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { contexts } from '../src/contexts.ts';
import { readShapes, releaseFolder, sealFile, sha256, textOf } from './files.ts';
import type { RecordedShapes } from './shapes.ts';

const seal = z.strictObject({
  /** SHA-256 of each golden file, by name. */
  files: z.record(z.string(), z.string()),
  /** SHA-256 of each shape that came with the release, by `context.Type@version`. */
  shapes: z.record(z.string(), z.string()),
});
type Seal = z.infer<typeof seal>;

const goldenFiles = contexts.map((context) => `${context}.jsonl`);
const hashOfShape = (shape: unknown) => sha256(JSON.stringify(shape));

export const readSeal = (release: string): Seal => seal.parse(JSON.parse(readFileSync(sealFile(release), 'utf8')));

export function makeSeal(release: string, shapes: (context: (typeof contexts)[number]) => RecordedShapes): Seal {
  const files = goldenFiles.map((name) => {
    const text = textOf(new URL(name, releaseFolder(release)));
    if (text === null) throw new Error(`schema/golden/${release}/${name} is missing.`);
    return [name, sha256(text)] as const;
  });
  const all = contexts.flatMap((context) =>
    Object.entries(shapes(context)).flatMap(([type, versions]) =>
      Object.entries(versions)
        .filter(([, { since }]) => since === release)
        .map(([version, { shape }]) => [`${context}.${type}@${version}`, hashOfShape(shape)] as const),
    ),
  );
  return { files: Object.fromEntries(files), shapes: Object.fromEntries(all) };
}

/** What was touched after its release was sealed. */
export function brokenSeals(releases: readonly string[]): readonly string[] {
  return releases.flatMap((release) => {
    const sealed = readSeal(release);
    const files = Object.entries(sealed.files).flatMap(([name, hash]) => {
      const text = textOf(new URL(name, releaseFolder(release)));
      if (text !== null && sha256(text) === hash) return [];
      return [
        `schema/golden/${release}/${name} ${text === null ? 'was removed' : 'was edited'}: it is what release ${release} ` +
          'wrote, and every later one must read it. Put it back.',
      ];
    });
    const shapes = Object.entries(sealed.shapes).flatMap(([key, hash]) => {
      const [, context, type, version] = /^(\w+)\.(\w+)@(\d+)$/.exec(key) ?? [];
      const known = contexts.find((name) => name === context);
      const recorded = known && type && version ? readShapes(known)[type]?.[version] : undefined;
      if (recorded && recorded.since === release && hashOfShape(recorded.shape) === hash) return [];
      return [
        `The recorded shape of ${context}.${type} version ${version} ${recorded ? 'was edited' : 'was removed'}, and it was ` +
          `shipped with ${release}. Put schema/shapes/${context}.json back as it was, and raise the version instead.`,
      ];
    });
    return [...files, ...shapes];
  });
}
