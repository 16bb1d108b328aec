/** What deployments ask of the places of their instances. */
import { mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { tenantOf } from './tenancy.ts';

export interface WishesInput {
  readonly slaClass?: string | null;
  readonly nodeLabels?: readonly LabelInput[] | null;
  readonly zones?: readonly string[] | null;
  readonly zoneSkew?: number | null;
  readonly maxPerNode?: number | null;
  readonly near?:
    | readonly { readonly deployment: string; readonly within: string; readonly required: boolean }[]
    | null;
  readonly apart?: readonly string[] | null;
}

/** As the command has it: what is left out asks nothing. */
export const wishesOf = (input: WishesInput | null | undefined) => {
  const { slaClass, nodeLabels, zones, zoneSkew, maxPerNode, near, apart } = input ?? {};
  return {
    ...{ slaClass: slaClass ?? null, nodeLabels: labelMap(nodeLabels), zones: zones ?? [] },
    ...{ zoneSkew: zoneSkew ?? null, maxPerNode: maxPerNode ?? null, near: near ?? [], apart: apart ?? [] },
  };
};

export const wishesRepetition = (input: WishesInput | null | undefined) =>
  labelRepetition(input?.nodeLabels, 'placement.nodeLabels');

interface SetPlacementInput extends Versioned {
  readonly deploymentId: string;
  readonly placement?: WishesInput | null;
}

const setDeploymentPlacement = mutation<SetPlacementInput>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'SetDeploymentPlacement',
  rows: { deployment: 'deploymentId' },
  keyed: { 'placement.nodeLabels': 'key' },
  order: ({ deploymentId, placement, expectedVersion }, { viewer }) =>
    wishesRepetition(placement) ?? {
      tenant: tenantOf(viewer),
      data: { deploymentId, placement: wishesOf(placement) },
      expectedVersion: expectedVersion ?? null,
    },
});

export const placementMutations = { setDeploymentPlacement };
