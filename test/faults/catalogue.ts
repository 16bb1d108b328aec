/** A fault of the surroundings, as the seeded runner and the guarantee tests know it. */
export interface CatalogueEntry {
  readonly name: string;
  /** Needs to be root: mounts, processes of other users. */
  readonly needsRoot: boolean;
  /** Breaks something, and leaves it so. */
  inject(): Promise<void>;
  /** Everything is whole again when it resolves; it does no harm where nothing was broken. */
  heal(): Promise<void>;
}
